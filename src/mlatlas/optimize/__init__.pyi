from .newton.newton import (
    bfgs as bfgs,
)
from .newton.newton import (
    lbfgs as lbfgs,
)
from .newton.newton import (
    newton as newton,
)
