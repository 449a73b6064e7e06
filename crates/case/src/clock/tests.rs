//! The clocks of the shipped profile, and of calendars, against tables of dates.

use super::*;

mod laws;
mod pauses;
mod profiles;
mod table;

fn shown(priority: Priority, marks: &[(Milestone, &str)], now: &str) -> Vec<(String, String, ClockState)> {
    let marks: Marks = marks.iter().map(|(m, at)| (*m, parse_ms(at).unwrap())).collect();
    let terms = Profile::shipped().unwrap().terms(priority);
    clocks(&terms, &marks, &[], &[], 1, parse_ms(now).unwrap()).into_iter().map(|c| (c.name, c.due, c.state)).collect()
}

#[test]
fn the_figures_of_the_four_levels_to_the_second() {
    use ClockState::{Late, Met, Running};
    use Milestone::{Arrived, Cleared, CustomerFixed, Dispatched, Opened, Responded, VisitRequested};
    // The call comes at 23:50 on the last day of February of a leap year: every clock crosses midnight and the month.
    let call = (Opened, "2028-02-28T23:50:00Z");
    let row = |name: &str, due: &str, state| (name.to_owned(), due.to_owned(), state);
    let table = [
        (
            Priority::P1,
            vec![call],
            "2028-02-29T00:20:00Z",
            vec![
                row("respond", "2028-02-29T00:20:00Z", Running),
                row("arrive", "2028-02-29T02:50:00Z", Running),
                row("fix", "2028-02-29T03:50:00Z", Running),
            ],
        ),
        (
            Priority::P2,
            vec![call],
            "2028-02-29T00:20:01Z",
            vec![
                row("respond", "2028-02-29T00:20:00Z", Late),
                row("arrive", "2028-02-29T02:50:00Z", Running),
                row("fix", "2028-02-29T03:50:00Z", Running),
            ],
        ),
        (
            Priority::P1,
            vec![
                call,
                (Responded, "2028-02-29T00:20:00Z"),
                (VisitRequested, "2028-02-29T00:21:00Z"),
                (Dispatched, "2028-02-29T00:30:00Z"),
                (Arrived, "2028-02-29T02:40:00Z"),
                (Cleared, "2028-02-29T03:50:01Z"),
            ],
            "2028-03-05T00:00:00Z",
            vec![
                row("respond", "2028-02-29T00:20:00Z", Met),
                row("dispatch", "2028-02-29T00:51:00Z", Met),
                // Three hours from the call are kept, two hours from the decision to send are not.
                row("arrive_dispatch", "2028-02-29T02:30:00Z", Late),
                row("arrive", "2028-02-29T02:50:00Z", Met),
                row("fix", "2028-02-29T03:50:00Z", Late),
            ],
        ),
        (Priority::P3, vec![call], "2028-02-29T23:50:00Z", vec![row("reply", "2028-02-29T23:50:00Z", Running)]),
        (Priority::P4, vec![call], "2028-02-29T23:50:01Z", vec![row("reply", "2028-02-29T23:50:00Z", Late)]),
        (
            Priority::P1,
            vec![call, (Responded, "2028-02-28T23:51:00Z"), (CustomerFixed, "2028-02-29T00:00:00Z")],
            "2028-02-29T00:00:00Z",
            vec![
                row("respond", "2028-02-29T00:20:00Z", Met),
                row("arrive", "2028-02-29T02:50:00Z", Running),
                row("fix", "2028-02-29T03:50:00Z", Running),
                row("confirm", "2028-02-29T12:00:00Z", Running),
            ],
        ),
    ];
    for (priority, marks, now, expected) in table {
        assert_eq!(shown(priority, &marks, now), expected, "{priority} {marks:?} at {now}");
    }
}
