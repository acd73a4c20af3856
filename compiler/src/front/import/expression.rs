//! Names of dimensions that are expressions of other names, as exporters write them: `past + 1`, `2*frames`, `(n -
//! 1)//2`.

/// Expressions inside each other, at most.
const MAX_DEPTH: usize = 32;

/// An expression of numbers and names.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Expression {
    Number(i64),
    Name(String),
    /// Two of them with `+`, `-`, `*` or `/` between, which rounds down.
    Pair(Box<(Expression, char, Expression)>),
}

impl Expression {
    /// Reads an expression; `None` if the text is something else.
    pub(super) fn parse(text: &str) -> Option<Self> {
        let mut parser = Parser {
            rest: text.trim_start(),
            depth: 0,
        };
        let sum = parser.sum()?;
        parser.rest.is_empty().then_some(sum)
    }

    /// Whether it is nothing but a name.
    pub(super) fn is_name(&self) -> bool {
        matches!(self, Self::Name(_))
    }

    /// All names in it.
    pub(super) fn names(&self) -> impl Iterator<Item = &str> {
        let mut names = vec![];
        let mut open = vec![self];
        while let Some(expression) = open.pop() {
            match expression {
                Self::Number(_) => {}
                Self::Name(name) => names.push(name.as_str()),
                Self::Pair(pair) => open.extend([&pair.2, &pair.0]),
            }
        }
        names.into_iter()
    }

    /// Its value; `None` if a name has none, or if a number is too large.
    pub(super) fn value(&self, of: &impl Fn(&str) -> Option<i64>) -> Option<i64> {
        match self {
            Self::Number(number) => Some(*number),
            Self::Name(name) => of(name),
            Self::Pair(pair) => {
                let (a, b) = (pair.0.value(of)?, pair.2.value(of)?);
                match pair.1 {
                    '+' => a.checked_add(b),
                    '-' => a.checked_sub(b),
                    '*' => a.checked_mul(b),
                    _ => (b > 0).then(|| a.div_euclid(b)),
                }
            }
        }
    }
}

/// What is left of a text, without space before it.
struct Parser<'a> {
    rest: &'a str,
    depth: usize,
}

impl Parser<'_> {
    fn takes(&mut self, token: &str) -> bool {
        let found = self.rest.strip_prefix(token);
        self.rest = found.unwrap_or(self.rest).trim_start();
        found.is_some()
    }

    fn sum(&mut self) -> Option<Expression> {
        let mut sum = self.product()?;
        loop {
            let operator = ['+', '-'].into_iter().find(|c| self.takes(&c.to_string()));
            let Some(operator) = operator else { return Some(sum) };
            sum = self.pair(sum, operator, Self::product)?;
        }
    }

    fn product(&mut self) -> Option<Expression> {
        let mut product = self.factor()?;
        loop {
            let operator = if self.takes("*") {
                '*'
            } else if self.takes("//") || self.takes("/") {
                '/'
            } else {
                return Some(product);
            };
            product = self.pair(product, operator, Self::factor)?;
        }
    }

    /// The pair of what there is and what follows, unless there are too many.
    fn pair(
        &mut self,
        first: Expression,
        operator: char,
        second: fn(&mut Self) -> Option<Expression>,
    ) -> Option<Expression> {
        self.deeper()?;
        Some(Expression::Pair(Box::new((first, operator, second(self)?))))
    }

    fn deeper(&mut self) -> Option<()> {
        self.depth += 1;
        (self.depth <= MAX_DEPTH).then_some(())
    }

    fn factor(&mut self) -> Option<Expression> {
        self.deeper()?;
        if self.takes("(") {
            let sum = self.sum()?;
            return self.takes(")").then_some(sum);
        }
        let is_word = |c: char| c.is_alphanumeric() || "_.".contains(c);
        let end = self.rest.find(|c| !is_word(c)).unwrap_or(self.rest.len());
        let (word, rest) = self.rest.split_at(end);
        self.rest = rest.trim_start();
        match word.chars().next()? {
            first if first.is_ascii_digit() => word.parse().ok().map(Expression::Number),
            _ => Some(Expression::Name(word.to_owned())),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Expression;

    fn value(text: &str) -> Option<i64> {
        Expression::parse(text)?.value(&|name| (name == "past").then_some(3))
    }

    #[test]
    fn of_names_and_numbers() {
        let cases = [
            ("past + 1", 4),
            ("2*past-1", 5),
            ("(past + 1) // 3 * 2", 2),
            ("past - 1 - 1", 1),
            ("past", 3),
            ("past/2", 1),
        ];
        for (text, expected) in cases {
            assert_eq!(value(text), Some(expected), "{text}");
        }
        for text in [
            "",
            "past +",
            "past 1",
            "(past",
            "floor(past)",
            "past + frames",
            "past // 0",
        ] {
            assert_eq!(value(text), None, "{text}");
        }
        assert_eq!(value(&"(".repeat(100_000)), None);
        assert_eq!(value(&"past+".repeat(100_000)), None);
        let names = Expression::parse("a + b*2 - a").unwrap();
        assert_eq!(names.names().collect::<Vec<_>>(), ["a", "b", "a"]);
    }
}
