/// What kind of work a kernel does, which its colour shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Convolution,
    Product,
    Sequence,
    Element,
    Reduction,
    Movement,
    Conversion,
}

impl Kind {
    /// All of them, in the order of the legend.
    pub(super) const ALL: [Self; 7] = [
        Self::Convolution,
        Self::Product,
        Self::Sequence,
        Self::Element,
        Self::Reduction,
        Self::Movement,
        Self::Conversion,
    ];

    /// By the name of the kernel; those that are none of the others compute element by element.
    pub(super) fn of(kernel: &str) -> Self {
        let any = |words: &[&str]| words.iter().any(|word| kernel.contains(word));
        if any(&["conv", "col2im", "deform"]) {
            Self::Convolution
        } else if any(&["gemm", "mat_mul", "squared_distances", "tree", "forest"]) {
            Self::Product
        } else if any(&["recurrence", "gates", "cell", "attention", "lstm", "gru"]) {
            Self::Sequence
        } else if any(&["quantize", "cast"]) {
            Self::Conversion
        } else if any(&[
            "pool",
            "reduce",
            "softmax",
            "normalization",
            "top_k",
            "cumulate",
            "fft",
            "det",
        ]) {
            Self::Reduction
        } else if any(&[
            "strided",
            "duplicate",
            "concat",
            "copy",
            "gather",
            "scatter",
            "pad",
            "tile",
            "resize",
            "fill",
            "select",
        ]) {
            Self::Movement
        } else {
            Self::Element
        }
    }

    /// Its class in the style sheet.
    pub(super) fn class(self) -> &'static str {
        match self {
            Self::Convolution => "convolution",
            Self::Product => "product",
            Self::Sequence => "sequence",
            Self::Element => "element",
            Self::Reduction => "reduction",
            Self::Movement => "movement",
            Self::Conversion => "conversion",
        }
    }

    /// What it is called.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Convolution => "convolution",
            Self::Product => "matrix product",
            Self::Sequence => "recurrence, attention",
            Self::Element => "element by element",
            Self::Reduction => "pooling, reduction",
            Self::Movement => "moves elements",
            Self::Conversion => "to or from integers",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Kind;

    #[test]
    fn kernels_have_a_kind() {
        for (kernel, kind) in [
            ("qlinear_depthwise_conv2d_paired", Kind::Convolution),
            ("gemm", Kind::Product),
            ("qlinear_average_pool2d", Kind::Reduction),
            ("requantize_linear", Kind::Conversion),
            ("qlinear_recurrence", Kind::Sequence),
            ("strided", Kind::Movement),
            ("binary", Kind::Element),
        ] {
            assert_eq!(Kind::of(kernel), kind, "{kernel}");
        }
    }
}
