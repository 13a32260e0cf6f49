from .lasso.lasso import (
    ElasticNet as ElasticNet,
)
from .lasso.lasso import (
    ElasticNetCV as ElasticNetCV,
)
from .lasso.lasso import (
    Lasso as Lasso,
)
from .lasso.lasso import (
    LassoCV as LassoCV,
)
from .lasso.lasso import (
    duality_gap as duality_gap,
)
from .lasso.lasso import (
    enet_path as enet_path,
)
from .lasso.lasso import (
    lasso_path as lasso_path,
)
from .linear_regression.linear_regression import LinearRegression as LinearRegression
from .ridge.ridge import (
    Ridge as Ridge,
)
from .ridge.ridge import (
    RidgeCV as RidgeCV,
)
from .ridge.ridge import (
    effective_degrees_of_freedom as effective_degrees_of_freedom,
)
from .ridge.ridge import (
    ridge_path as ridge_path,
)
