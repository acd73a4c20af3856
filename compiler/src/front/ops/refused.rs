//! Operators that this compiler refuses for what they are; any other unknown name may be a mistake or a newer operator.

/// Why an operator is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// Memory is planned at compile time.
    DataDependentShape,
    /// It draws random numbers.
    Random,
    /// It belongs to training.
    Training,
    /// It computes with strings.
    Strings,
    /// It computes with sequences, optionals or maps.
    Sequences,
}

impl Refusal {
    /// What is wrong with it.
    pub const fn message(self) -> &'static str {
        match self {
            Self::DataDependentShape => "its output shape depends on data, but memory is planned at compile time",
            Self::Random => "its results are random, but the same inputs must give the same outputs",
            Self::Training => "only training uses it",
            Self::Strings => "strings are not supported",
            Self::Sequences => "sequences, optionals and maps are not supported",
        }
    }

    /// What to do instead.
    pub const fn help(self) -> &'static str {
        match self {
            Self::DataDependentShape => "end the model before this operator and do it in the program around the model",
            Self::Random => "make the random tensor an input of the model",
            Self::Training => "export the model for inference",
            Self::Strings => "encode strings as numbers in the program around the model",
            Self::Sequences => "export the model with a tensor for each element",
        }
    }
}

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
            "LabelEncoder",
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
            "ConcatFromSequence",
            "DictVectorizer",
            "Optional",
            "OptionalGetElement",
            "OptionalHasElement",
            "SequenceAt",
            "SequenceConstruct",
            "SequenceEmpty",
            "SequenceErase",
            "SequenceInsert",
            "SequenceLength",
            "SequenceMap",
            "SplitToSequence",
            "ZipMap",
        ],
    ),
];

/// Why the operator called `name` is refused, if it is one of those; their names are unique across domains.
pub fn refusal(name: &str) -> Option<Refusal> {
    let found = REFUSED.iter().find(|(_, names)| names.contains(&name));
    found.map(|(refusal, _)| *refusal)
}
