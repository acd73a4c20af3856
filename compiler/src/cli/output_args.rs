use clap::Args;
use edgec::Compiler;

/// Where the model and its loops end.
#[derive(Debug, Args)]
pub(super) struct OutputArgs {
    /// End the model at these tensors, any of its graph, instead of at its own outputs
    #[arg(long, value_name = "NAME,..", value_delimiter = ',')]
    outputs: Vec<String>,
    /// Let loops whose number of trips is only known at run time make at most N trips, as loops in the emitted code;
    /// they end there even where the model would go on
    #[arg(long, value_name = "N", value_parser = trips)]
    max_trips: Option<usize>,
}

fn trips(text: &str) -> Result<usize, String> {
    let trips = text.parse().ok().filter(|trips| *trips > 0);
    trips.ok_or_else(|| "it must be a whole number above zero".into())
}

impl OutputArgs {
    /// `compiler` with these outputs.
    pub(super) fn apply(&self, compiler: Compiler) -> Compiler {
        let compiler = compiler.outputs(&self.outputs);
        match self.max_trips {
            Some(trips) => compiler.max_trips(trips),
            None => compiler,
        }
    }

    /// The flags that give the same, each with its value.
    pub(super) fn flags(&self) -> Vec<(&'static str, String)> {
        let outputs = (!self.outputs.is_empty()).then(|| ("--outputs", self.outputs.join(",")));
        let trips = self.max_trips.map(|trips| ("--max-trips", trips.to_string()));
        outputs.into_iter().chain(trips).collect()
    }
}
