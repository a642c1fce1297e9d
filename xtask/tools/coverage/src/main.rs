//! `coverage PROFILES OBJECT…` prints `path<TAB>line<TAB>count` for every line that can run.
//!
//! LLVM's own programs would do the same, but they must be of exactly the compiler's version and
//! are not to be had everywhere. The library used here reads what they read.

use llvm_profparser::{CoverageMapping, CoverageReport, merge_profiles};
use std::collections::BTreeMap;
use std::error::Error;
use std::io::{BufWriter, Write};
use std::path::PathBuf;

/// How often each line of a file ran.
type Lines = BTreeMap<usize, i64>;

fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args_os().skip(1).map(PathBuf::from);
    let folder = arguments.next().ok_or("usage: coverage PROFILES OBJECT…")?;
    let entries = std::fs::read_dir(folder)?;
    let profiles: Vec<PathBuf> = entries.map(|entry| entry.map(|entry| entry.path())).collect::<Result<_, _>>()?;
    if profiles.is_empty() {
        return Err("there are no profiles".into());
    }
    let profile = merge_profiles(&profiles)?;

    let mut files: BTreeMap<PathBuf, Lines> = BTreeMap::new();
    for object in arguments {
        let objects = [object];
        let report = CoverageMapping::new(&objects, &profile, false).and_then(|mapping| mapping.generate_report());
        match report {
            Ok(report) => add(report, &mut files),
            // A program that has no function of the workspace has nothing to read either.
            Err(error) => eprintln!("{}: {error}", objects[0].display()),
        }
    }
    print(&files)?;
    Ok(())
}

/// One source stands in many programs; a line ran if it did in any of them.
fn add(report: CoverageReport, files: &mut BTreeMap<PathBuf, Lines>) {
    for (path, result) in report.files {
        let known = files.entry(path).or_default();
        let regions = result.hits.iter().map(|(place, count)| Region {
            first: place.line_start,
            last: place.line_end,
            // Counts are differences of counters, which a race of two threads can turn negative.
            count: i64::try_from(*count).unwrap_or(0),
        });
        for (line, count) in lines(&regions.collect::<Vec<_>>()) {
            let most = known.entry(line).or_insert(count);
            *most = count.max(*most);
        }
    }
}

fn print(files: &BTreeMap<PathBuf, Lines>) -> std::io::Result<()> {
    let mut output = BufWriter::new(std::io::stdout().lock());
    for (path, lines) in files {
        for (line, count) in lines {
            writeln!(output, "{}\t{line}\t{count}", path.display())?;
        }
    }
    output.flush()
}

/// A piece of source that runs as a whole, with its lines, both included.
struct Region {
    first: usize,
    last: usize,
    count: i64,
}

/// LLVM's rule: a line counts as often as the busiest region that starts on it, or else as often
/// as the innermost region that it lies in. The regions are in the order of their starts.
fn lines(regions: &[Region]) -> Lines {
    let mut lines = Lines::new();
    // An inner region comes after the one around it, and so replaces it.
    for region in regions {
        for line in region.first + 1..=region.last {
            lines.insert(line, region.count);
        }
    }
    let mut starts = Lines::new();
    for region in regions {
        let most = starts.entry(region.first).or_insert(region.count);
        *most = region.count.max(*most);
    }
    lines.extend(starts);
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(regions: &[(usize, usize, i64)], expected: &[(usize, i64)]) {
        let region = |&(first, last, count): &_| Region { first, last, count };
        let regions: Vec<Region> = regions.iter().map(region).collect();
        assert_eq!(lines(&regions).into_iter().collect::<Vec<_>>(), expected);
    }

    #[test]
    fn the_innermost_region_decides() {
        check(&[(1, 4, 2), (2, 3, 0)], &[(1, 2), (2, 0), (3, 0), (4, 2)]);
    }

    #[test]
    fn a_line_on_which_two_regions_start_ran_as_often_as_the_busier() {
        check(&[(1, 1, 0), (1, 1, 3)], &[(1, 3)]);
    }
}
