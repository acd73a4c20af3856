use super::{Evaluation, Score};
use std::fmt;

/// An [`Evaluation`] as a table, one line a contender.
pub struct Table<'a>(pub &'a Evaluation);

impl Table<'_> {
    fn header(&self) -> [String; 4] {
        let sqnr = format!("SQNR of `{}`", self.0.output.escape_debug());
        let first = self.0.scores.first().and_then(|score| score.model.split(',').next());
        let agrees = format!("agrees with {}", first.unwrap_or("the first"));
        ["model".into(), "accuracy".into(), agrees, sqnr]
    }

    /// `98.10 % (1962/2000)`.
    fn share(&self, count: usize) -> String {
        let all = self.0.samples;
        format!("{:.2} % ({count}/{all})", 100.0 * count as f64 / all.max(1) as f64)
    }

    /// The cells of a contender; empty where there is nothing to say.
    fn cells(&self, score: &Score) -> [String; 4] {
        let share = |count: Option<usize>| count.map_or(String::new(), |n| self.share(n));
        let runs = self.0.runs;
        let (agreement, noise) = match score.identical {
            Some(identical) if identical == runs => {
                (format!("identical to the executor ({identical}/{runs})"), String::new())
            }
            _ => {
                let noise = score.sqnr.iter().find(|(name, _)| *name == self.0.output);
                (
                    share(score.agrees),
                    noise.map_or(String::new(), |(_, noise)| noise.to_string()),
                )
            }
        };
        [score.model.clone(), share(score.correct), agreement, noise]
    }

    /// What a line cannot hold.
    fn remarks(&self) -> Vec<String> {
        let mut remarks = vec![];
        let runs = self.0.runs;
        for score in &self.0.scores {
            if let Some(identical) = score.identical.filter(|identical| *identical < runs) {
                let differ = runs - identical;
                remarks.push(format!(
                    "{}: differs from the executor in {differ} of {runs} runs",
                    score.model
                ));
            }
            if score.not_finite > 0 {
                let count = score.not_finite;
                remarks.push(format!(
                    "{}: NaN or infinities in the outputs of {count} of {runs} runs",
                    score.model
                ));
            }
        }
        remarks
    }
}

impl fmt::Display for Table<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let cells: Vec<_> = self.0.scores.iter().map(|score| self.cells(score)).collect();
        let filled: Vec<_> = (0..4)
            .filter(|i| cells.iter().any(|line| !line[*i].is_empty()))
            .collect();
        let lines: Vec<_> = std::iter::once(self.header())
            .chain(cells)
            .map(|line| filled.iter().map(|i| line[*i].clone()).collect::<Vec<_>>())
            .collect();
        columns(f, &lines)?;
        self.remarks().iter().try_for_each(|remark| writeln!(f, "{remark}"))
    }
}

/// Writes lines of cells, each column as wide as its widest; `-` where a cell is empty.
pub(super) fn columns<T: AsRef<[String]>>(f: &mut fmt::Formatter<'_>, lines: &[T]) -> fmt::Result {
    let cell = |line: &T, column: usize| match line.as_ref()[column].as_str() {
        "" => "-".to_owned(),
        text => text.to_owned(),
    };
    let widths: Vec<_> = (0..lines.first().map_or(0, |line| line.as_ref().len()))
        .map(|column| {
            lines
                .iter()
                .map(|line| cell(line, column).chars().count())
                .max()
                .unwrap_or(0)
        })
        .collect();
    for line in lines {
        let cells = widths
            .iter()
            .enumerate()
            .map(|(i, width)| format!("{:<width$}", cell(line, i)));
        writeln!(f, "{}", cells.collect::<Vec<_>>().join("  ").trim_end())?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::middle::quantize::Noise;

    fn score(model: &str) -> Score {
        Score {
            model: model.into(),
            correct: Some(3),
            agrees: None,
            identical: None,
            not_finite: 0,
            sqnr: vec![],
        }
    }

    #[test]
    fn each_model_has_a_line() {
        let noise = Noise {
            signal: 100.0,
            noise: 1.0,
        };
        let quantised = Score {
            agrees: Some(4),
            sqnr: vec![("y".into(), noise)],
            ..score("int8, executor")
        };
        let emitted = |identical| Score {
            identical: Some(identical),
            ..quantised.clone()
        };
        let mut evaluation = Evaluation {
            runs: 4,
            samples: 4,
            output: "y".into(),
            classes: Some(2),
            scores: vec![score("float, executor"), quantised.clone(), emitted(4)],
        };
        let text = Table(&evaluation).to_string();
        let want = "\
model            accuracy       agrees with float                SQNR of `y`
float, executor  75.00 % (3/4)  -                                -
int8, executor   75.00 % (3/4)  100.00 % (4/4)                   20.0 dB
int8, executor   75.00 % (3/4)  identical to the executor (4/4)  -
";
        assert_eq!(text, want);
        evaluation.scores = vec![score("float, executor"), emitted(3)];
        let text = Table(&evaluation).to_string();
        assert!(
            text.ends_with("int8, executor: differs from the executor in 1 of 4 runs\n"),
            "{text}"
        );
    }
}
