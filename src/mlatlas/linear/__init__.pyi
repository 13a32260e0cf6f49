from .lasso.lasso import (
    ElasticNet as ElasticNet,
    ElasticNetCV as ElasticNetCV,
    Lasso as Lasso,
    LassoCV as LassoCV,
    duality_gap as duality_gap,
    enet_path as enet_path,
    lasso_path as lasso_path,
)
from .linear_regression.linear_regression import LinearRegression as LinearRegression
from .logistic_regression.logistic_regression import LogisticRegression as LogisticRegression
from .perceptron.perceptron import (
    AveragedPerceptron as AveragedPerceptron,
    Perceptron as Perceptron,
)
from .ridge.ridge import (
    Ridge as Ridge,
    RidgeCV as RidgeCV,
    effective_degrees_of_freedom as effective_degrees_of_freedom,
    ridge_path as ridge_path,
)
from .softmax_regression.softmax_regression import SoftmaxRegression as SoftmaxRegression
