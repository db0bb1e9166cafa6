"""The wordings of constraints and what each means. The first one that fits is a line's."""

from projected_grpo.problems.inputs import graphs, orders, qualities, texts
from projected_grpo.problems.inputs.patterns import ARE, GRAPH, ORDER, THINGS, UNIQUE, S
from projected_grpo.problems.inputs.phrases import (
    all_strings_made,
    as_relation,
    distinct,
    distinct_columns,
    either,
    in_range,
    made,
    nothing,
    on_edges,
    on_strings,
    on_subject,
    ordered,
)

CONSISTS = (
    r"(?:both )?(?:will )?(?:only )?(?:consists?|contains?|has|have|is composed|are composed|"
    r"is consisting|is made up|are made up|is made|are|is)(?: both)?(?: only| just| strictly)?"
    r"(?: of)?(?: only| just)?"
)
ALL_OF = rf"(?:all |each |every |the )*(?:the |of |given )*(?:{THINGS} )?(?:of |in )?"
NO_REPEATS = r"(?:repeated|duplicate|duplicated|multiple|parallel)"
LINKS = (
    r"(?:edges|connections|roads|flights|corridors|highways|paths|relations|bridges|cables|pairs)"
)
RANGE = (
    r"(?:an? |a valid )?(?:positive )?(?:integers? |numbers? )?(?:in|within|from) the "
    r"(?:inclusive )?"
    r"range (?:of )?(?:from )?[\[(](?P<low>[^,\[\]]+), ?(?P<high>[^,\[\]]+)[\])](?: inclusive)?"
)
WORDINGS = (
    # Promises of no input, and asides.
    (r"(?:the )?(?:graph|there) (?:may|might|can) .*", nothing),
    (r"it is allowed .*", nothing),
    # Graphs.
    (r"(?P<s>parents?) represents a valid (?:binary )?tree", on_subject(graphs.PARENTS)),
    (
        r"(?:it is guaranteed that )?(?:edges|roads|the input|the given input|the graph|"
        r"the given graph|the edges)(?: is| are)?(?: guaranteed to| always)? (?:represents?|forms?|"
        r"makes?|be) (?:a )?(?:valid )?tree",
        on_edges(graphs.TREE),
    ),
    (
        rf"there (?:are|will be) no {NO_REPEATS} {LINKS}(?: in the graph)?",
        on_edges(qualities.DISTINCT_EDGES),
    ),
    (
        r"there is at most one (?:edge|road|flight|path|connection) (?:between|connecting) any .*",
        on_edges(graphs.NO_LOOPS, qualities.DISTINCT_EDGES),
    ),
    (
        r"there (?:are|will be) no self[- ]?(?:loops|edges|cycles)(?: in the graph)?",
        on_edges(graphs.NO_LOOPS),
    ),
    (
        rf"there (?:are|will be) no self[- ]loops (?:or|and|nor)(?: no)? {NO_REPEATS} {LINKS}",
        on_edges(graphs.NO_LOOPS, qualities.DISTINCT_EDGES),
    ),
    (
        rf"there (?:are|will be) no {NO_REPEATS} {LINKS} (?:or|and|nor)(?: no)? self[- ]"
        rf"(?:loops|edges)",
        on_edges(graphs.NO_LOOPS, qualities.DISTINCT_EDGES),
    ),
    (
        rf"(?:{GRAPH} )(?:does not contain|has no|contains no) self[- ]loops",
        on_edges(graphs.NO_LOOPS),
    ),
    (
        r"(?:the input is generated such that )?the graph is "
        r"(?:generated such that it )?has no self-loops",
        on_edges(graphs.NO_LOOPS),
    ),
    (
        rf"(?:the input is generated such that )?{GRAPH} (?:is|are)(?: always)? connected",
        on_edges(graphs.CONNECTED),
    ),
    (
        r"(?:each (?:vertex|server) can .*reach(?:ed)? .*(?:every|another) (?:other )?"
        r"(?:vertex|server)|"
        r"you can reach any intersection from any other intersection|"
        r"all the cities are connected.*|it is possible to travel between any two cities.*)",
        on_edges(graphs.CONNECTED),
    ),
    (
        r"(?:the input is generated such that )?the graph is connected"
        r" and has no repeated edges or self-loops",
        on_edges(graphs.CONNECTED, graphs.NO_LOOPS, qualities.DISTINCT_EDGES),
    ),
    (rf"{GRAPH} is a (?:directed acyclic graph|DAG)", on_edges(graphs.ACYCLIC)),
    # Order.
    (
        rf"(?:both )?{S} (?:is|are|is an array|both are)(?: an?| guaranteed to be)*"
        rf"(?: sorted)?(?: in)?(?: an?)? ?{ORDER}"
        r"(?: order| array| sequence)*(?P<also> and (?:unique|distinct))?",
        ordered,
    ),
    (rf"{S} (?:is|are) sorted (?:in {ORDER} order )by (?P<by>\w+)", ordered),
    (rf"{S} (?:is|are) sorted by (?P<by>\w+) in (?:an? )?{ORDER} order", ordered),
    # Distinct.
    (
        r"all (?:the )?(?:given )?(?:pairs|tuples|coordinates|points|values|positions)? ?"
        rf"[\[(](?P<members>\w+(?:, ?\w+)*)[\])] {ARE} {UNIQUE}",
        distinct_columns,
    ),
    (rf"(?:all |each )(?:the )?(?:values of )?(?P<members>\w+i) {ARE} {UNIQUE}", distinct_columns),
    (
        rf"(?:all )?(?:of )?(?:the )?(?:given )?(?P<of>{THINGS} (?:of|in) (?:the )?"
        rf"(?:array )?){S} {ARE}(?: all| pairwise)? {UNIQUE}",
        distinct,
    ),
    (
        rf"(?:all |each |every )?(?:of )?(?:the )?(?:given )?(?:{THINGS} )?{S} {ARE}"
        rf"(?: all| pairwise)? {UNIQUE}",
        distinct,
    ),
    (
        rf"(?P<s>\w+(?:\[\w\])*) (?:only )?(?:contains|consists of)(?: only)? {UNIQUE} "
        rf"(?:{THINGS})",
        distinct,
    ),
    (
        r"(?P<s>\w+(?:\[\w\])*) (?:does not|doesn't) contain (?:any )?(?:duplicates?|repeated)"
        r"(?: values?| elements?| characters?)?",
        distinct,
    ),
    # Permutations.
    (
        rf"{S} (?:is|are)(?: both)? (?:a )?permutations? of (?:the )?(?:integers |numbers )?"
        rf"(?:in the range |from )?[\[(]?0(?:,| to).* ?n - 1[\])]?",
        on_subject(orders.permutation(0)),
    ),
    (
        rf"{S} (?:is|are)(?: both)? (?:a )?permutations? of (?:the )?(?:integers |numbers )?"
        rf"(?:in the range |from )?[\[(]?1(?:,| to).* ?n[\])]?",
        on_subject(orders.permutation(1)),
    ),
    # Texts.
    (
        rf"(?:both )?{S} (?:does|do|has|have|is|are|will)(?: not|n't|no)?"
        rf"(?: have| contain| any| no)* leading (?:or trailing )?(?:zeros?|0's|zero\(s\)),? "
        r"(?:except|other than|unless).*",
        on_subject(texts.NO_LEADING_ZEROS),
    ),
    (
        rf"(?:both )?{S} (?:does not|do not|doesn't|don't|has no|have no|will not)"
        rf"(?: have| contain)?(?: any)? leading (?:zeros?|0's)",
        on_subject(texts.NO_LEADING_ZEROS),
    ),
    (
        rf"{S} (?:does not|do not|doesn't|has no|have no|will not)(?: have| contain)?"
        rf"(?: any)? leading (?:or|and) trailing (?:spaces|blanks)",
        on_subject(texts.NO_OUTER_BLANKS),
    ),
    (r"there are no leading or trailing spaces", on_strings(texts.NO_OUTER_BLANKS)),
    (
        rf"(?:all )?(?:the )?words in {S} are separated by (?:a single|exactly one) space",
        on_subject(texts.SINGLE_BLANKS),
    ),
    (r"there is at least one word in (?P<s>\w+)", on_subject(texts.HAS_A_WORD)),
    (r"there will be at least one word in (?P<s>\w+)", on_subject(texts.HAS_A_WORD)),
    (rf"{S} contains at least one word", on_subject(texts.HAS_A_WORD)),
    (rf"{S} is a (?:balanced|valid) parentheses string", on_subject(texts.BALANCED)),
    (r"it is guaranteed that all parentheses are balanced", on_strings(texts.BALANCED)),
    (
        rf"{S} (?:is|are)(?: given)? in (?:the )?(?:24-hour )?format \"?'?HH:MM\"?'?",
        on_subject(texts.CLOCK),
    ),
    (rf"{S} is a palindrome", on_subject(texts.PALINDROME)),
    # Numbers.
    (rf"{S} is a multiple of (?P<k>\w+)", as_relation("{s} % {k} == 0")),
    (rf"{S} is divisible by (?P<k>\w+)", as_relation("{s} % {k} == 0")),
    (rf"{S} is a power of (?:2|two)", on_subject(qualities.POWER_OF_TWO)),
    (rf"(?:all )?(?:the )?{S} (?:is|are|will be)(?: all)? {RANGE}", in_range),
    (
        rf"(?:all )?(?:the )?{S} (?:is|are|will be) (?:an? )?(?:integers? )?between "
        rf"(?P<low>-?[\d,]+) and (?P<high>-?[\d,]+)(?: inclusive|, inclusive)?",
        in_range,
    ),
)
# What things are made of: the widest patterns, tried last.
MADE = (
    (
        rf"(?:all|each|every) (?:the )?(?:given )?strings?(?: in the input)? {CONSISTS} "
        rf"(?P<what>.+)",
        all_strings_made,
    ),
    (rf"{ALL_OF}{S} {ARE} (?P<what>(?:either|one of).+)", either),
    (rf"{ALL_OF}{S} {ARE} (?P<what>.+)", either),
    (rf"{ALL_OF}{S} {CONSISTS} (?P<what>.+)", made),
)
