//! Stations in a row, as narrow as there is room for: first the quiet ones lose most of their names, which one knows, then
//! their words, which are there where versions differ, then all but their signs; what is in trouble keeps its words longest.

use ratatui::text::Span;

use crate::view::text::{fill, fit, width};
use crate::view::theme::{Role, Theme};
use crate::world::room::stages::{Mark, Part};

/// How much of a quiet station is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Quiet {
    Pace,
    Words,
    InitialsAndWords,
    Initials,
    Sign,
}

const NARROWING: [Quiet; 5] = [Quiet::Pace, Quiet::Words, Quiet::InitialsAndWords, Quiet::Initials, Quiet::Sign];
/// Cells a loud station wants before the quiet ones shrink any further.
const LOUD: usize = 24;

/// The line in exactly `room` cells.
pub(in crate::view) fn spans(parts: &[Part], room: usize, theme: Theme) -> Vec<Span<'static>> {
    let mut spans: Vec<Span<'static>> = pieces(parts, room)
        .into_iter()
        .map(|(text, part)| {
            let style = match part {
                Some(part) if part.is_loud && part.health <= crate::domain::health::Health::Ok => {
                    theme.style(Role::Text)
                }
                Some(part) => theme.of_health(part.health),
                None => theme.style(Role::Faint),
            };
            Span::styled(text, style)
        })
        .collect();
    let used: usize = spans.iter().map(|span| width(&span.content)).sum();
    spans.push(Span::raw(fill("", room.saturating_sub(used))));
    spans
}

/// Texts with the station each is of; of none, what stands between them.
fn pieces(parts: &[Part], room: usize) -> Vec<(String, Option<&Part>)> {
    for quiet in NARROWING {
        let separator = if matches!(quiet, Quiet::Pace | Quiet::Words) { " → " } else { " " };
        let texts: Vec<String> = parts.iter().map(|part| text(part, quiet)).collect();
        let whole: usize =
            texts.iter().map(|text| width(text)).sum::<usize>() + width(separator) * parts.len().saturating_sub(1);
        if whole <= room {
            return joined(texts, parts, separator);
        }
        // The first of the worst is cut to what the others leave, where that is enough to be read; for nobody's pace.
        if let Some(worst) = worst(parts).filter(|_| quiet != Quiet::Pace) {
            let others = whole - width(&texts[worst]);
            let left = room.saturating_sub(others);
            if left >= LOUD.min(width(&texts[worst])) {
                let mut texts = texts;
                texts[worst] = fit(&texts[worst], left);
                return joined(texts, parts, separator);
            }
        }
    }
    collapsed(parts, room)
}

/// Hundreds of stations: equal ones beside each other are counted, and only the worst says anything.
fn collapsed(parts: &[Part], room: usize) -> Vec<(String, Option<&Part>)> {
    let mut all: Vec<(String, Option<&Part>)> = Vec::new();
    let mut at = 0;
    let worst = worst(parts);
    while at < parts.len() {
        let part = &parts[at];
        let is_same = |other: usize| Some(other) != worst && Some(at) != worst && parts[other].mark == part.mark;
        let run = 1 + (at + 1..parts.len()).take_while(|other| is_same(*other)).count();
        let text = match run {
            _ if Some(at) == worst => text(part, Quiet::Words),
            1 => sign(part.mark).to_owned(),
            many => format!("{}×{many}", sign(part.mark)),
        };
        all.push((text, Some(part)));
        at += run;
    }
    let mut left = room;
    let mut out: Vec<(String, Option<&Part>)> = Vec::new();
    // The counts before and after it are short; what is left is for the one that matters.
    let others: usize = all.iter().filter(|(_, part)| !is(*part, worst, parts)).map(|(text, _)| width(text) + 1).sum();
    for (text, part) in all {
        let most = if is(part, worst, parts) { room.saturating_sub(others).max(LOUD) } else { left };
        let text = fit(&text, most.min(left));
        left = left.saturating_sub(width(&text) + 1);
        out.push((text, part));
        out.push((" ".into(), None));
        if left == 0 {
            break;
        }
    }
    out.pop();
    out
}

fn is(part: Option<&Part>, worst: Option<usize>, parts: &[Part]) -> bool {
    part.zip(worst).is_some_and(|(part, at)| std::ptr::eq(part, &raw const parts[at]))
}

fn worst(parts: &[Part]) -> Option<usize> {
    let loud = parts.iter().enumerate().filter(|(_, part)| part.is_loud);
    loud.max_by_key(|(at, part)| (part.health, std::cmp::Reverse(*at))).map(|(at, _)| at)
}

fn joined<'a>(texts: Vec<String>, parts: &'a [Part], separator: &str) -> Vec<(String, Option<&'a Part>)> {
    let mut all = Vec::with_capacity(parts.len() * 2);
    for (text, part) in texts.into_iter().zip(parts) {
        if !all.is_empty() {
            all.push((separator.to_owned(), None));
        }
        all.push((text, Some(part)));
    }
    all
}

fn text(part: &Part, quiet: Quiet) -> String {
    let quiet = if part.is_loud { Quiet::Words } else { quiet };
    let sign = sign(part.mark);
    let words = if part.words.is_empty() { String::new() } else { format!(" {}", part.words) };
    match quiet {
        Quiet::Pace if !part.pace.is_empty() => format!("{sign} {}{words} {}", part.name, part.pace),
        Quiet::Pace | Quiet::Words => format!("{sign} {}{words}", part.name),
        Quiet::InitialsAndWords => format!("{sign}{}{words}", initials(&part.name)),
        Quiet::Initials => format!("{sign}{}", initials(&part.name)),
        Quiet::Sign => sign.to_owned(),
    }
}

/// `Pr` of `Production`, `BT` of `Browser-Tests`.
fn initials(name: &str) -> String {
    let words: Vec<char> =
        name.split(|letter: char| !letter.is_alphanumeric()).filter_map(|word| word.chars().next()).collect();
    if words.len() > 1 { words.into_iter().take(2).collect() } else { name.chars().take(2).collect() }
}

/// The sign of a station. Screens without Unicode get its ASCII twin, see [`crate::view::ascii`].
pub(in crate::view) fn sign(mark: Mark) -> &'static str {
    match mark {
        Mark::Done => "✔",
        Mark::Failed => "✖",
        Mark::Running => "▶",
        Mark::Waiting => "◆",
        Mark::Stopped => "■",
        Mark::Never => "·",
        Mark::Unknown => "?",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::health::Health;

    fn part(name: &str, words: &str, health: Health) -> Part {
        let is_loud = health > Health::Ok;
        let mark = if is_loud { Mark::Failed } else { Mark::Done };
        Part { mark, health, name: name.into(), words: words.into(), pace: String::new(), is_loud }
    }

    fn shown(parts: &[Part], room: usize) -> String {
        let text: String = pieces(parts, room).into_iter().map(|(text, _)| text).collect();
        assert!(width(&text) <= room, "{text:?} in {room}");
        text
    }

    fn line() -> Vec<Part> {
        vec![
            part("Source", "v419", Health::Ok),
            part("Checks", "", Health::Ok),
            part("Browser-Tests", "", Health::Ok),
            part("Production", "Deploy failed: too few healthy targets", Health::Bad),
        ]
    }

    #[test]
    fn the_quiet_shrink_first_and_trouble_keeps_its_words() {
        let line = line();
        let whole = "✔ Source v419 → ✔ Checks → ✔ Browser-Tests → ✖ Production Deploy failed: too few healthy targets";
        assert_eq!(shown(&line, 120), whole);
        assert_eq!(shown(&line, 70), "✔ Source v419 → ✔ Checks → ✔ Browser-Tests → ✖ Production Deploy fail…");
        assert_eq!(shown(&line, 49), "✔So v419 ✔Ch ✔BT ✖ Production Deploy failed: too…");
        assert_eq!(shown(&line, 40), "✔So ✔Ch ✔BT ✖ Production Deploy failed:…");
        assert_eq!(shown(&line, 31), "✔ ✔ ✔ ✖ Production Deploy fail…");
        assert!(shown(&line, 10).contains('✖'));
    }

    #[test]
    fn what_two_stages_hold_is_told_before_what_they_are_called() {
        let line = [
            part("Source", "v419", Health::Ok),
            part("Checks", "", Health::Ok),
            part("Production", "v418", Health::Ok),
        ];
        assert_eq!(shown(&line, 44), "✔ Source v419 → ✔ Checks → ✔ Production v418");
        assert_eq!(shown(&line, 43), "✔So v419 ✔Ch ✔Pr v418");
    }

    #[test]
    fn how_long_it_took_is_told_where_all_of_it_can_be() {
        let mut line = line();
        line.truncate(2);
        line[1].pace = "5:20 of ~5:10".into();
        assert_eq!(shown(&line, 40), "✔ Source v419 → ✔ Checks 5:20 of ~5:10");
        assert_eq!(shown(&line, 30), "✔ Source v419 → ✔ Checks");
        line.push(part("Production", "Deploy failed: too few healthy targets", Health::Bad));
        assert_eq!(shown(&line, 60), "✔ Source v419 → ✔ Checks → ✖ Production Deploy failed: too …");
    }

    #[test]
    fn hundreds_are_counted() {
        let mut line: Vec<Part> = (0..100).map(|at| part(&format!("stage-{at}"), "", Health::Ok)).collect();
        line.push(part("Deploy", "failed: no room", Health::Bad));
        line.extend((0..99).map(|at| part(&format!("later-{at}"), "", Health::Ok)));
        assert_eq!(shown(&line, 49), "✔×100 ✖ Deploy failed: no room ✔×99");
        assert_eq!(shown(&[], 10), "");
    }
}
