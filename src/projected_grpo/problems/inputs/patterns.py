"""Parts of wordings: what a line may call a thing, an order, a graph."""

S = r"(?P<s>.+?)"
ARE = r"(?:is|are|will be|should be|is equal to|are equal to)"
THINGS = (
    r"(?:values|integers|elements|numbers|strings|words|characters|digits|letters|pairs|tuples|"
    r"entries|points|positions|rows|cells|coordinates|indices)"
)
UNIQUE = r"(?:unique|distinct|pairwise distinct|different)"
ORDER = (
    r"(?P<strict>strictly )?(?P<order>increasing|ascending|decreasing|descending|non-decreasing|"
    r"non-increasing|nondecreasing)"
)
GRAPH = r"(?:the )?(?:given )?(?:input )?(?:graph|tree|input|edges)"
