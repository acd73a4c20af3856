//! Operators that this compiler refuses for what they are; any other unknown name may be a mistake or a newer operator.

use crate::front::node::Refusal;

/// Refused operators, by the reason.
pub const REFUSED: &[(Refusal, &[&str])] = &[
    (
        Refusal::DataDependentShape,
        &["ImageDecoder", "NonMaxSuppression", "Unique"],
    ),
    (
        Refusal::Random,
        &[
            "Bernoulli",
            "Multinomial",
            "RandomNormal",
            "RandomNormalLike",
            "RandomUniform",
            "RandomUniformLike",
        ],
    ),
    (Refusal::Training, &["Adagrad", "Adam", "Gradient", "Momentum"]),
    (
        Refusal::Strings,
        &[
            "CategoryMapper",
            "RegexFullMatch",
            "StringConcat",
            "StringNormalizer",
            "StringSplit",
        ],
    ),
    (
        Refusal::Sequences,
        &[
            "CastMap",
            "DictVectorizer",
            "Optional",
            "OptionalGetElement",
            "OptionalHasElement",
        ],
    ),
];

/// Why the operator called `name` is refused, if it is one of those; their names are unique across domains.
pub fn refusal(name: &str) -> Option<Refusal> {
    let found = REFUSED.iter().find(|(_, names)| names.contains(&name));
    found.map(|(refusal, _)| *refusal)
}
