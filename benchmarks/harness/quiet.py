"""JAX without the lines that its C++ layer prints as it loads beside a GPU's plugin.

A script takes `jax` from here, before it imports anything else that loads JAX.
"""

from jaxnn import backends

with backends.hushed():
    import jax as jax
