from .drawing import draw as draw
from .events import (
    Band as Band,
    Bars as Bars,
    Event as Event,
    Figure as Figure,
    Heat as Heat,
    Learned as Learned,
    Line as Line,
    Metric as Metric,
    Points as Points,
    Progress as Progress,
    Rule as Rule,
    Script as Script,
    Series as Series,
    Table as Table,
    shown as shown,
)
from .experiment import Lab as Lab, RunResult as RunResult, lab as lab, open_lab as open_lab, sketch_lab as sketch_lab
from .knobs import Knob as Knob, KnobError as KnobError
from .report import Cell as Cell, Section as Section, section as section, write_report as write_report
