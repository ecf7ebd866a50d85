//! The arguments of `flotilla ladder`.

/// Print the release ladder: versions that misbehave in known ways, and the verdict that each must get
#[derive(Debug, clap::Args)]
#[command(after_help = "\
  flotilla ladder                               every rung
  flotilla ladder 1.3.0                         what hello 1.3.0 does, its rules and the expected verdicts
  flotilla ladder 1.1.0 --service product-api
Exit status: 0 printed, 2 no such rung.")]
pub(crate) struct Args {
    /// One rung
    #[arg(value_name = "VERSION")]
    pub(super) version: Option<String>,

    /// The service whose rungs are meant [default: all; with a version hello]
    #[arg(long, value_name = "NAME")]
    pub(super) service: Option<String>,

    /// Print JSON: one rung as an object, more as a list
    #[arg(long)]
    pub(super) json: bool,
}
