"""Train one network: `fit`, the run it returns, and the folder a run is kept in.

run.py leads through; settings.py decides the numbers, and task.py hands them on;
blocks.py and centering.py hold the cost to minimize; chunks.py runs the loop;
history.py, record.py, run_folder.py and scores.py keep and judge what comes out.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
