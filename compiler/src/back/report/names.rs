//! Short names of calls: `l03_depthwise`.

/// The word that names calls of a kernel: `depthwise` for `qlinear_depthwise_conv2d`.
fn word(kernel: &str) -> &str {
    let kernel = kernel.strip_prefix("qlinear_").unwrap_or(kernel);
    let layouts = ["_paired", "_interleaved", "_rows"];
    let kernel = layouts
        .iter()
        .find_map(|layout| kernel.strip_suffix(layout))
        .unwrap_or(kernel);
    match kernel {
        "depthwise_conv2d" => "depthwise",
        _ => {
            let kernel = kernel.strip_suffix("2d").unwrap_or(kernel);
            kernel.strip_suffix("_linear").unwrap_or(kernel)
        }
    }
}

/// The name of call `number` of `count`, of this kernel: with as many digits as the last one has, two at least.
pub(super) fn call_name(number: usize, count: usize, kernel: &str) -> String {
    let digits = count.saturating_sub(1).to_string().len().max(2);
    format!("l{number:0digits$}_{}", word(kernel))
}

#[cfg(test)]
mod tests {
    use super::call_name;

    #[test]
    fn calls_are_numbered_and_named_after_their_kernels() {
        assert_eq!(call_name(3, 12, "qlinear_depthwise_conv2d"), "l03_depthwise");
        assert_eq!(call_name(3, 12, "qlinear_depthwise_conv2d_paired"), "l03_depthwise");
        assert_eq!(call_name(0, 1, "conv2d"), "l00_conv");
        assert_eq!(call_name(7, 101, "requantize_linear"), "l007_requantize");
        assert_eq!(call_name(9, 10, "qlinear_average_pool2d"), "l09_average_pool");
    }
}
