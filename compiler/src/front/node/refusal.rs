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
    /// It computes with optionals or maps.
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
            Self::Sequences => "optionals and maps are not supported",
        }
    }

    /// What to do instead.
    pub const fn help(self) -> &'static str {
        match self {
            Self::DataDependentShape => {
                "end the model before this operator with --outputs and do it in the program around the model"
            }
            Self::Random => "make the random tensor an input of the model",
            Self::Training => "export the model for inference",
            Self::Strings => "encode strings as numbers in the program around the model",
            Self::Sequences => "export the model with a tensor for each element",
        }
    }
}
