//! Projects in columns by status.

use crate::{
    app::{project::list_projects, unit_of_work::Work},
    domain::{
        error::Result,
        exchange_rate::{Rates, Total},
        money::Money,
        page::{Listing, Page},
        project::{Project, ProjectFilter, ProjectStatus},
    },
};

/// The maximum number of projects read for a column.
const LANE_MAX: u32 = 50;
/// The maximum number of completed projects shown; the list shows the rest.
const COMPLETED_SHOWN: usize = 10;

/// The projects of one status.
#[derive(Debug, Clone)]
pub struct Lane {
    pub status: ProjectStatus,
    /// The newest of them; empty if the column is collapsed.
    pub projects: Vec<Project>,
    pub total: u64,
    /// The budgets of all of them, in the account's currency; None if they cannot be added up.
    pub budget: Option<Money>,
}

impl Lane {
    /// Returns whether the column only shows its number of projects.
    pub fn is_shut(&self) -> bool {
        self.status == ProjectStatus::Cancelled
    }
}

/// Returns a column for each status, with the projects that match the rest of the filter.
pub fn list_board(work: &mut Work, filter: &ProjectFilter) -> Result<Vec<Lane>> {
    let rates = work.rates()?;
    let statuses = ProjectStatus::WORDS.iter().filter_map(|word| ProjectStatus::from_word(word));
    let lane = |status| {
        let page = Page::first(LANE_MAX);
        let filter = ProjectFilter { status: Some(status), page, ..filter.clone() };
        let found = list_projects(work, &filter)?;
        let budget = budget(&found, &rates);
        let Listing { entries, total, .. } = found;
        let mut lane = Lane { status, projects: entries, total, budget };
        lane.projects.truncate(match status {
            ProjectStatus::Cancelled => 0,
            ProjectStatus::Completed => COMPLETED_SHOWN,
            _ => usize::MAX,
        });
        Ok(lane)
    };
    statuses.map(lane).collect()
}

fn budget(found: &Listing<Project>, rates: &Rates) -> Option<Money> {
    let mut sum = Total::default();
    found.entries.iter().for_each(|project| sum.add(project.budget));
    let sum = sum.convert(rates);
    let is_whole = found.entries.len() as u64 == found.total && sum.unconverted.is_empty();
    let minor = i64::try_from(sum.minor).ok()?;
    is_whole.then(|| Money::new(minor, rates.base()))
}
