from .archive import Archive as Archive, fetch as fetch
from .bundled import breast_cancer as breast_cancer, diabetes as diabetes, digits as digits, iris as iris, wine as wine
from .columns import Reading as Reading, Schema as Schema, read_table as read_table
from .corpus import Corpus as Corpus, chinese_sentences as chinese_sentences, peoples_daily as peoples_daily
from .fetched import diamonds as diamonds, flights as flights
from .table import Description as Description, Table as Table, describe as describe, load as load
