//! What the build script is told, and what it tells the program.

/// The variables of the environment that are read.
pub(crate) const VARIABLES: [&str; 3] = ["CAMERA_MODEL", "CAMERA_LABELS", "CAMERA_NORMALISE"];

/// The model, its labels and how it wants its pixels.
#[derive(Debug, PartialEq)]
pub(crate) struct Settings {
    /// The ONNX file.
    pub(crate) model: String,
    /// A text file with one label a line.
    pub(crate) labels: String,
    /// What [`normalisation`] reads.
    pub(crate) normalise: String,
}

impl Settings {
    /// From the variables, all three or none.
    pub(crate) fn of(variable: impl Fn(&str) -> Option<String>) -> Result<Self, String> {
        let [model, labels, normalise] = match VARIABLES.map(&variable) {
            [None, None, None] => ["camera.onnx", "labels.txt", "-1..1"].map(String::from),
            [Some(model), Some(labels), Some(normalise)] => {
                for (name, path) in VARIABLES.iter().zip([&model, &labels]) {
                    if !path.starts_with('/') {
                        return Err(format!(
                            "{name}={path} is no absolute path: {name}=\"$PWD/{path}\", as a build script runs in a \
                             folder of its own"
                        ));
                    }
                }
                [model, labels, normalise]
            }
            _ => return Err(format!("set all of {} for a model of your own", VARIABLES.join(", "))),
        };
        Ok(Self {
            model,
            labels,
            normalise,
        })
    }
}

/// For each channel, what is taken from a pixel of 0 to 1, and what the rest is divided by.
#[derive(Debug, PartialEq)]
pub(crate) struct Normalisation {
    pub(crate) mean: Vec<f32>,
    pub(crate) deviation: Vec<f32>,
}

/// From a range, such as `-1..1`, the name `imagenet`, or numbers: `MEAN,../DEVIATION,..`, one or one a channel.
pub(crate) fn normalisation(text: &str, channels: usize) -> Result<Normalisation, String> {
    let numbers = match text {
        "imagenet" => "0.485,0.456,0.406/0.229,0.224,0.225",
        "0..1" => "0/1",
        "-1..1" => "0.5/0.5",
        "0..255" => "0/0.003921569",
        numbers => numbers,
    };
    let expected = format!(
        "CAMERA_NORMALISE={text} is none of 0..1, -1..1, 0..255, imagenet, and not MEAN,../DEVIATION,.. with one \
         number or {channels} on each side"
    );
    let side = |side: &str| -> Option<Vec<f32>> {
        let numbers: Option<Vec<f32>> = side.split(',').map(|number| number.trim().parse().ok()).collect();
        match numbers?[..] {
            [one] => Some(vec![one; channels]),
            ref many => (many.len() == channels).then(|| many.to_vec()),
        }
    };
    let (mean, deviation) = numbers.split_once('/').ok_or(&expected)?;
    let (mean, deviation) = side(mean).zip(side(deviation)).ok_or(&expected)?;
    let sound = mean.iter().all(|mean| mean.is_finite()) && deviation.iter().all(|deviation| deviation.is_normal());
    sound.then_some(Normalisation { mean, deviation }).ok_or(expected)
}

/// One label a line; empty lines at the end are none.
pub(crate) fn labels(text: &str) -> Vec<&str> {
    text.trim_end().lines().map(str::trim).collect()
}

/// The settings of the program.
pub(crate) fn source(width: usize, height: usize, normalisation: &Normalisation, labels: &[&str]) -> String {
    let Normalisation { mean, deviation } = normalisation;
    format!(
        "pub(crate) const INPUT: camera::Input = camera::Input {{\n    width: {width},\n    height: {height},\n    \
         mean: &{mean:?},\n    deviation: &{deviation:?},\n}};\n\npub(crate) static LABELS: &[&str] = &{labels:?};\n"
    )
}

#[cfg(test)]
mod tests {
    use super::{Settings, labels, normalisation, source};

    #[test]
    fn a_model_of_the_user_comes_with_all_that_it_needs() {
        let own = |name: &str| Some(format!("/models/{name}"));
        assert_eq!(Settings::of(own).unwrap().labels, "/models/CAMERA_LABELS");
        assert_eq!(Settings::of(|_| None).unwrap().model, "camera.onnx");
        let only = |name: &str| (name == "CAMERA_MODEL").then(|| String::from("/m.onnx"));
        assert!(Settings::of(only).is_err_and(|problem| problem.contains("CAMERA_NORMALISE")));
        let relative = |_: &str| Some(String::from("m.onnx"));
        assert!(Settings::of(relative).is_err_and(|problem| problem.contains("CAMERA_MODEL=\"$PWD/m.onnx\"")));
    }

    #[test]
    fn normalisations_are_ranges_names_or_numbers() {
        let of = |text| normalisation(text, 3).unwrap();
        assert_eq!(of("-1..1").mean, [0.5; 3]);
        assert_eq!(of("imagenet").deviation, [0.229, 0.224, 0.225]);
        assert_eq!(of("0.1,0.2, 0.3/2"), of("0.1,0.2,0.3/2,2,2"));
        assert!((255.0 * 0.003_921_569_f32 - 1.0).abs() < 1e-6);
        for wrong in ["", "1..2", "0.5", "0.5/0", "1,2/1", "0/x", "0/inf", "nan/1"] {
            assert!(normalisation(wrong, 3).is_err(), "{wrong}");
        }
        assert!(normalisation("imagenet", 1).is_err_and(|problem| problem.contains("one number or 1")));
    }

    #[test]
    fn labels_are_lines() {
        assert_eq!(
            labels("tench\r\n great white shark \ncock\n\n"),
            ["tench", "great white shark", "cock"]
        );
    }

    #[test]
    fn settings_are_rust() {
        let labels = ["a \"quoted\" one"];
        let text = source(4, 2, &normalisation("0..1", 1).unwrap(), &labels);
        assert!(
            text.contains("mean: &[0.0]") && text.contains(r#"&["a \"quoted\" one"]"#),
            "{text}"
        );
    }
}
