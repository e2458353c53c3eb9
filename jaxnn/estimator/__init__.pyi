from .classifier import NeuralNetClassifier as NeuralNetClassifier
from .grid_search import GridSearch as GridSearch
