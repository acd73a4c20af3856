use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Ways to compute layers that were measured to be the fastest, by the name of the layer's node. Where a layer is
/// missing, the estimates of the ways' costs decide.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Choices {
    ways: BTreeMap<String, Way>,
    /// The name of the machine that was measured, if the file tells.
    pub target: Option<String>,
    /// The SHA-256 of the model's file that was measured, if the file tells.
    pub sha256: Option<String>,
}

/// A way to compute a layer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Way {
    /// The kernel that does the work.
    pub kernel: String,
    /// How its weights are stored.
    pub layout: String,
}

/// What marks a file of [`Choices`].
pub const WRITTEN_BY: &str = "edgec tune";

impl Choices {
    /// Reads a file that `edgec tune` has written.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn parse(text: &str) -> Result<Self, String> {
        #[derive(Deserialize)]
        struct File {
            layers: Vec<Layer>,
            target: Option<String>,
            sha256: Option<String>,
        }
        #[derive(Deserialize)]
        struct Layer {
            name: String,
            #[serde(flatten)]
            way: Way,
        }
        let wrong = |reason: &str| {
            format!("no file of measured layers: {reason}; `edgec tune MODEL.onnx -o FILE.json` writes one")
        };
        let file: File = serde_json::from_str(text).map_err(|e| wrong(&e.to_string()))?;
        let mut ways = BTreeMap::<String, Way>::new();
        for Layer { name, way } in file.layers {
            if let Some((name, _)) = ways.get_key_value(&name) {
                return Err(wrong(&format!("`{}` is there twice", name.escape_debug())));
            }
            ways.insert(name, way);
        }
        Ok(Self {
            ways,
            target: file.target,
            sha256: file.sha256,
        })
    }

    /// Whether `edgec tune` has written a file with this text: it may replace it.
    pub fn are_written(text: &str) -> bool {
        #[derive(Deserialize)]
        struct Mark {
            written_by: String,
        }
        let mark: Result<Mark, _> = serde_json::from_str(text);
        mark.is_ok_and(|mark| mark.written_by == WRITTEN_BY) && Self::parse(text).is_ok()
    }

    /// The way that was chosen for a layer.
    pub fn of(&self, layer: &str) -> Option<&Way> {
        self.ways.get(layer)
    }

    /// Layers and ways, by name.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &Way)> {
        self.ways.iter().map(|(name, way)| (name.as_str(), way))
    }

    /// Whether nothing was chosen.
    pub fn is_empty(&self) -> bool {
        self.ways.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_are_read_and_others_refused() {
        let text = r#"{"processor": "P", "target": "board", "layers": [
            {"name": "Conv_1", "kernel": "gemm", "layout": "floats", "micros": 1.5, "others": []}]}"#;
        let choices = Choices::parse(text).unwrap();
        assert_eq!(choices.of("Conv_1").unwrap().kernel, "gemm");
        assert_eq!((choices.of("Conv_2"), choices.iter().count()), (None, 1));
        assert_eq!((choices.target.as_deref(), choices.sha256), (Some("board"), None));
        let twice =
            r#"{"layers": [{"name": "a", "kernel": "k", "layout": "l"}, {"name": "a", "kernel": "k", "layout": "m"}]}"#;
        for other in ["", "{}", r#"{"layers": [{"name": "a"}]}"#, twice] {
            let error = Choices::parse(other).unwrap_err();
            assert!(
                error.starts_with("no file of measured layers: ") && error.ends_with(" writes one"),
                "{error}"
            );
        }
        assert!(!Choices::are_written(text));
        assert!(Choices::are_written(r#"{"written_by": "edgec tune", "layers": []}"#));
    }
}
