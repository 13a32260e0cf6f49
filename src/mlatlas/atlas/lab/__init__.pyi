from .drawing import draw as draw
from .events import (
    Band as Band,
)
from .events import (
    Bars as Bars,
)
from .events import (
    Event as Event,
)
from .events import (
    Figure as Figure,
)
from .events import (
    Heat as Heat,
)
from .events import (
    Learned as Learned,
)
from .events import (
    Line as Line,
)
from .events import (
    Metric as Metric,
)
from .events import (
    Points as Points,
)
from .events import (
    Progress as Progress,
)
from .events import (
    Rule as Rule,
)
from .events import (
    Script as Script,
)
from .events import (
    Series as Series,
)
from .events import (
    Table as Table,
)
from .events import (
    shown as shown,
)
from .experiment import Lab as Lab
from .experiment import RunResult as RunResult
from .experiment import lab as lab
from .experiment import open_lab as open_lab
from .knobs import Knob as Knob
from .knobs import KnobError as KnobError
from .report import Cell as Cell
from .report import Section as Section
from .report import section as section
from .report import write_report as write_report
