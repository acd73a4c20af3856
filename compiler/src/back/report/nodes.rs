//! What tells the ONNX nodes of one call from those of others, in few words.

use std::collections::HashMap;

/// Characters of a name that fits into a table.
const WIDTH: usize = 40;

/// For each call, whose nodes these are, a short name of its first node, and how many nodes more there are.
pub(in crate::back) fn distinctive(calls: &[Vec<String>]) -> Vec<String> {
    let mut uses: HashMap<&str, usize> = HashMap::new();
    for nodes in calls {
        nodes.iter().flat_map(|node| pieces(node)).for_each(|piece| {
            *uses.entry(piece).or_default() += 1;
        });
    }
    // Of equals the first: `min_by_key` keeps it.
    let rarest = |node: &String| {
        pieces(node)
            .min_by_key(|piece| uses[*piece])
            .unwrap_or_default()
            .to_owned()
    };
    let first: Vec<Vec<String>> = calls
        .iter()
        .map(|nodes| segments(&nodes.first().map(rarest).unwrap_or_default()))
        .collect();
    let common = common(&first);
    let named = calls.iter().zip(first);
    named
        .map(|(nodes, mut segments)| {
            if segments.len() > 1 && Some(&segments[0]) == common.as_ref() {
                segments.remove(0);
            }
            let name = shortened(&segments);
            match nodes.len() {
                0 | 1 => name,
                count => format!("{name} +{}", count - 1),
            }
        })
        .collect()
}

/// Names that a converter has joined in that of one node.
fn pieces(node: &str) -> impl Iterator<Item = &str> {
    node.split(';').filter(|piece| !piece.is_empty())
}

/// The parts of a path, except scopes that the next one repeats: `features/features.1` is `features.1`.
fn segments(name: &str) -> Vec<String> {
    let parts: Vec<&str> = name.split('/').filter(|part| !part.is_empty()).collect();
    let repeated = |index: usize| {
        let next = parts.get(index + 1).and_then(|next| next.strip_prefix(parts[index]));
        next.is_some_and(|rest| rest.starts_with('.'))
    };
    let kept = (0..parts.len()).filter(|index| !repeated(*index));
    kept.map(|index| parts[index].to_owned()).collect()
}

/// The scope around most of the nodes, if there is one.
fn common(names: &[Vec<String>]) -> Option<String> {
    let inner: Vec<&String> = names
        .iter()
        .filter(|name| name.len() > 1)
        .map(|name| &name[0])
        .collect();
    let first = *inner.first()?;
    (inner.len() > 1 && inner.iter().all(|scope| *scope == first)).then(|| first.clone())
}

/// The path, without scopes in its middle where it is too long, and without the middle of a word.
fn shortened(segments: &[String]) -> String {
    let mut parts: Vec<&str> = segments.iter().map(String::as_str).collect();
    let mut left_out = false;
    loop {
        let name = match (left_out, &parts[..]) {
            (true, [first, rest @ ..]) => format!("{first}/../{}", rest.join("/")),
            _ => parts.join("/"),
        };
        if name.chars().count() <= WIDTH {
            return name;
        }
        if parts.len() > 2 {
            parts.remove(1);
            left_out = true;
            continue;
        }
        let half = WIDTH / 2 - 1;
        let characters: Vec<char> = name.chars().collect();
        let head: String = characters[..half].iter().collect();
        let tail: String = characters[characters.len() - half..].iter().collect();
        return format!("{head}..{tail}");
    }
}

#[cfg(test)]
mod tests {
    use super::distinctive;

    fn of(calls: &[&[&str]]) -> Vec<String> {
        let calls: Vec<Vec<String>> = calls
            .iter()
            .map(|nodes| nodes.iter().map(|node| (*node).to_owned()).collect())
            .collect();
        distinctive(&calls)
    }

    #[test]
    fn scopes_that_all_share_or_that_repeat_are_left_out() {
        let names = of(&[
            &[
                "/model/features/features.1/conv/conv.0/conv.0.0/Conv",
                "/model/features/features.1/conv/conv.0/Clip",
            ],
            &["/model/classifier/Gemm"],
            &["Softmax"],
        ]);
        assert_eq!(names, ["features.1/conv.0.0/Conv +1", "classifier/Gemm", "Softmax"]);
    }

    #[test]
    fn of_joined_names_the_rarest_tells_the_call() {
        let names = of(&[&["net/shared/Bias;net/conv/Relu"], &["net/shared/Bias;net/conv_1/Relu"]]);
        assert_eq!(names, ["conv/Relu", "conv_1/Relu"]);
    }

    #[test]
    fn long_names_lose_their_middle() {
        let long = format!("first/{}/second/last", "x".repeat(30));
        assert_eq!(of(&[&[&long]]), ["first/../second/last"]);
        assert_eq!(of(&[&[&"ab".repeat(50)]])[0].len(), 40);
        assert_eq!(of(&[&[]]), [""]);
    }
}
