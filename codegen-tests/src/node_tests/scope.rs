//! What is out of scope, told by the compiler's own error: a test that fails with any other is a failure.

/// Reasons, each with parts of messages that mean it.
const REASONS: &[(&str, &[&str])] = &[
    (
        "8-bit floats and types of less than 8 bits",
        &["FLOAT8", "FLOAT4E2M1", "INT4", "INT2", "elements of 4 bits"],
    ),
    ("strings", &["STRING", "strings are not supported"]),
    (
        "sequences, optionals and maps",
        &["is not a tensor", "is a sequence", "optionals and maps"],
    ),
    ("output shapes that depend on data", &["output shape depends on data"]),
    ("random results", &["results are random"]),
    ("training", &["only training uses it"]),
];

/// Why an error puts a test out of scope; `None` if it does not.
pub fn reason(error: &str) -> Option<&'static str> {
    let means = |parts: &[&str]| parts.iter().any(|part| error.contains(part));
    REASONS
        .iter()
        .find(|(_, parts)| means(parts))
        .map(|(reason, _)| *reason)
}
