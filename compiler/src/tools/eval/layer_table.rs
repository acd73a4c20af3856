use super::Layer;
use std::fmt;

/// The first layers of a list as a table.
pub struct LayerTable<'a>(pub &'a [Layer], pub usize);

impl fmt::Display for LayerTable<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let header = ["layer", "operator", "shape", "type", "scale", "SQNR"].map(str::to_owned);
        let line = |layer: &Layer| {
            [
                layer.name.escape_debug().to_string(),
                layer.operator.clone(),
                layer.shape.iter().map(usize::to_string).collect::<Vec<_>>().join("x"),
                layer.dtype.to_string(),
                layer.scale.map_or("-".into(), |scale| format!("{scale:.4e}")),
                layer.sqnr.to_string(),
            ]
        };
        let lines: Vec<_> = std::iter::once(header)
            .chain(self.0.iter().take(self.1).map(line))
            .collect();
        super::table::columns(f, &lines)?;
        match self.0.len().saturating_sub(self.1) {
            0 => Ok(()),
            more => writeln!(f, "and {more} more: --layers {} shows all", self.0.len()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ir::DType;
    use crate::middle::compare::Spread;
    use crate::middle::quantize::Noise;

    #[test]
    fn what_is_left_out_is_counted() {
        let layer = |name: &str| Layer {
            name: name.into(),
            operator: "Map".into(),
            shape: vec![2, 3],
            dtype: DType::F32,
            scale: None,
            zero: None,
            sqnr: Noise::default(),
            spread: Spread::default(),
        };
        let text = LayerTable(&[layer("relu"), layer("x")], 1).to_string();
        assert!(text.contains("relu") && text.contains("2x3"), "{text}");
        assert!(text.ends_with("and 1 more: --layers 2 shows all\n"), "{text}");
    }
}
