from .gradient_descent.descent import (
    Minimum as Minimum,
    Trace as Trace,
)
from .gradient_descent.gradient_descent import (
    gradient_descent as gradient_descent,
)
from .newton.newton import (
    bfgs as bfgs,
    lbfgs as lbfgs,
    newton as newton,
)
