use crate::front::node::{Domain, NodeContext, OperatorDef};
use crate::ir::primitives::{Binary, BinaryOp, Reshape, TfIdf};
use crate::ir::{DType, OpError, Tensor, op_error};
use std::collections::BTreeMap;

/// The most counts of a row.
const MAX_OUTPUTS: usize = 1 << 22;

/// How often known n-grams occur in each row of tokens, or that they occur, times their weights.
pub(super) const TF_IDF_VECTORIZER: OperatorDef = OperatorDef {
    name: "TfIdfVectorizer",
    domain: Domain::Onnx,
    versions: &[9],
    limits: "integers only, no strings",
    read: |cx| {
        let ty = cx.ty(0)?;
        let rows = match ty.shape[..] {
            [] => vec![1, 1],
            [columns] => vec![1, columns],
            [rows, columns] => vec![rows, columns],
            _ => return Err(op_error(format!("the input is {ty}, it must be rows of tokens"))),
        };
        let (idf, weighted) = match &cx.attributes.string("mode", "")?[..] {
            "TF" => (false, false),
            "IDF" => (true, true),
            "TFIDF" => (false, true),
            other => {
                let message = format!("attribute `mode` is `{}`", other.escape_debug());
                return Err(op_error(message).help("supported: `TF`, `IDF`, `TFIDF`"));
            }
        };
        let pool = pool(cx)?;
        let skips = usize::try_from(cx.attributes.required_int("max_skip_count")?)
            .map_err(|_| op_error("attribute `max_skip_count` is negative"))?;
        let count = TfIdf {
            outputs: pool.outputs,
            shortest: pool.shortest,
            // More leave no room for a second token.
            skips: skips.min(rows[1]),
        };
        let weights = cx.attributes.floats("weights")?.unwrap_or_default();
        let (x, shape) = (
            cx.input(0)?,
            [&ty.shape[..ty.rank().saturating_sub(1)], &[pool.outputs]].concat(),
        );
        let x = cx.add(Reshape { shape: rows }, &[x])?;
        let tokens = cx.add_constant(Tensor::i64(&[pool.tokens.len()], &pool.tokens));
        let [starts, counters] = [pool.starts, pool.counters].map(|v| cx.add_constant(Tensor::i32(&[v.len()], &v)));
        let mut y = cx.add(count, &[x, tokens, starts, counters])?;
        if idf {
            let one = cx.scalar(DType::F32, 1.0);
            y = cx.add(Binary::from(BinaryOp::Min), &[y, one])?;
        }
        if weighted && !weights.is_empty() {
            if weights.len() != pool.indexes.len() {
                let message = format!("{} weights are given for {} n-grams", weights.len(), pool.indexes.len());
                return Err(op_error(message));
            }
            let mut by_output = vec![1.0; pool.outputs];
            for (output, weight) in pool.indexes.iter().zip(weights) {
                by_output[*output] = weight;
            }
            let by_output = cx.add_constant(Tensor::f32(&[pool.outputs], &by_output));
            y = cx.add(Binary::from(BinaryOp::Mul), &[y, by_output])?;
        }
        cx.add(Reshape { shape }, &[y]).map(|y| vec![y])
    },
};

/// The tables of the kernel, and what they were made of.
struct Pool {
    tokens: Vec<i64>,
    starts: Vec<i32>,
    counters: Vec<i32>,
    /// The count of each n-gram of the model.
    indexes: Vec<usize>,
    outputs: usize,
    shortest: usize,
}

fn required(cx: &mut NodeContext<'_>, name: &'static str) -> Result<Vec<usize>, OpError> {
    let values = cx.attributes.ints(name)?.unwrap_or_default();
    let values: Option<Vec<usize>> = values.iter().map(|value| usize::try_from(*value).ok()).collect();
    values.ok_or_else(|| op_error(format!("attribute `{name}` holds a negative number")))
}

fn pool(cx: &mut NodeContext<'_>) -> Result<Pool, OpError> {
    let indexes = required(cx, "ngram_indexes")?;
    let begins = required(cx, "ngram_counts")?;
    let lengths = [
        cx.attributes.required_int("min_gram_length")?,
        cx.attributes.required_int("max_gram_length")?,
    ];
    let [shortest, longest] = lengths.map(|len| usize::try_from(len).unwrap_or(0));
    let known = cx.attributes.ints("pool_int64s")?.unwrap_or_default();
    let outputs = indexes.iter().max().map_or(0, |last| last.saturating_add(1));
    if !(1..=longest).contains(&shortest) || !(1..=MAX_OUTPUTS).contains(&outputs) {
        return Err(op_error(format!(
            "n-grams of {lengths:?} tokens are counted in {outputs} numbers"
        )));
    }
    let mut pool = Pool {
        tokens: vec![],
        starts: vec![],
        counters: vec![],
        indexes,
        outputs,
        shortest,
    };
    let mut number = 0;
    for (i, begin) in begins.iter().enumerate() {
        let (len, end) = (i + 1, begins.get(i + 1).copied().unwrap_or(known.len()));
        let tokens = known
            .get(*begin..end)
            .ok_or_else(|| op_error("`ngram_counts` does not part `pool_int64s`"))?;
        let mut sorted = BTreeMap::new();
        for ngram in tokens.chunks_exact(len) {
            let missing = || op_error("`ngram_indexes` has fewer entries than there are n-grams");
            let counter = *pool.indexes.get(number).ok_or_else(missing)?;
            sorted.insert(ngram, counter as i32);
            number += 1;
        }
        if len > longest {
            break;
        }
        pool.starts
            .extend([pool.tokens.len() as i32, pool.counters.len() as i32]);
        for (ngram, counter) in sorted.into_iter().filter(|_| len >= shortest) {
            pool.tokens.extend(ngram);
            pool.counters.push(counter);
        }
    }
    pool.starts
        .extend([pool.tokens.len() as i32, pool.counters.len() as i32]);
    Ok(pool)
}

#[cfg(test)]
mod tests {
    use crate::front::testing::{Given, floats, int, ints, run, text};
    use crate::ir::Tensor;

    #[test]
    fn weights_belong_to_n_grams() {
        let attributes = |mode, shortest| {
            [
                text("mode", mode),
                ints("ngram_counts", &[0, 3]),
                ints("ngram_indexes", &[4, 0, 1, 2]),
                ints("pool_int64s", &[1, 2, 3, 1, 2]),
                floats("weights", &[10.0, 20.0, 30.0, 40.0]),
                int("min_gram_length", shortest),
                int("max_gram_length", 2),
                int("max_skip_count", 1),
            ]
        };
        let x = || Given(Tensor::i32(&[1, 5], &[1, 2, 3, 1, 2]));
        let count = |mode, shortest| run(9, "TfIdfVectorizer", &attributes(mode, shortest), &[x()], 1);
        let y = |values: [f32; 5]| Ok(vec![Tensor::f32(&[1, 5], &values)]);
        assert_eq!(count("TF", 1), y([2.0, 1.0, 2.0, 0.0, 2.0]));
        assert_eq!(count("IDF", 1), y([20.0, 30.0, 40.0, 0.0, 10.0]));
        assert_eq!(count("TFIDF", 2), y([0.0, 0.0, 80.0, 0.0, 0.0]));
        assert!(count("BM25", 1).is_err_and(|e| e.contains("`TFIDF`")));
        assert!(count("TF", 3).is_err());
    }
}
