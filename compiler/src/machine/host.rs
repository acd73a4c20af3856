/// The name of this machine's processor on Linux, else its architecture.
pub fn processor() -> String {
    let about = std::fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let mut names = about.lines().filter_map(|line| line.strip_prefix("model name"));
    names
        .next()
        .map_or(std::env::consts::ARCH, |name| name.trim_start_matches([' ', '\t', ':']))
        .to_owned()
}
