//! Questions about people, answered by passages of WordNet's definitions.

use anyhow::Result;

use super::file::File;
use super::wordnet::{self, Synset, WordNet};
use super::{Sample, balanced};

const PEOPLE: &str = "18";
const ROWS: usize = 500;
const PEOPLE_PER_PASSAGE: usize = 2;
const MOST_CHARS: usize = 130;

/// Facts in the definition of a person: `German physicist (born in Poland) who found it (1850-1918)`.
#[derive(Debug, PartialEq)]
struct Person {
    name: String,
    /// `German physicist`.
    calling: String,
    /// `Poland`.
    birthplace: Option<String>,
    /// `found it`.
    deed: Option<String>,
    years: [String; 2],
}

pub(super) fn make(wordnet: &WordNet) -> Result<Sample> {
    let people = Synset::all(&wordnet.nouns).filter_map(|synset| person(&synset));
    let people = balanced(people, |person| (&person.name, ""), ROWS * PEOPLE_PER_PASSAGE)?;
    let rows = people.chunks(PEOPLE_PER_PASSAGE).enumerate().filter_map(|(i, people)| row(i, people));
    // Shuffled: otherwise every fifth row would ask the same question.
    let rows = balanced(rows, |row| (&row[1], ""), ROWS)?;
    Ok(Sample {
        id: "questions",
        task: "question_answering",
        title: "Questions on people",
        description: "A passage on two people and a question on one of them, whose answer is a part of the passage.",
        license: "WordNet",
        source: wordnet::SOURCE,
        notice: wordnet.notice(
            "Definitions of people selected from WordNet's nouns, shortened to their first part and put together as \
             passages by a rule, which made the questions too.",
        ),
        file: File::csv(["question", "context", "answer", "start"], &rows)?,
    })
}

fn person(synset: &Synset) -> Option<Person> {
    let name = synset.words.iter().find(|word| word.contains(' '))?;
    if synset.file != PEOPLE || !synset.is_instance || name.chars().any(|c| c.is_ascii_digit()) {
        return None;
    }
    let (text, years) = synset.definition().strip_suffix(')')?.rsplit_once(" (")?;
    let (born, died) = years.split_once('-')?;
    let are_years = [born, died].iter().all(|year| year.len() == 4 && year.parse::<u32>().is_ok());
    let (text, deed) = match text.split_once(" who ") {
        Some((_, deed)) if !deed.starts_with(|c: char| c.is_ascii_lowercase()) => return None,
        Some((text, deed)) => (text, Some(deed.to_owned())),
        None => (text, None),
    };
    let (calling, birthplace) = match text.split_once(" (born in ") {
        Some((calling, place)) => (calling, Some(place.strip_suffix(')')?.to_owned())),
        None => (text, None),
    };
    let is_plain = are_years && !calling.contains('(') && calling.starts_with(|c: char| c.is_ascii_uppercase());
    let person =
        Person { name: name.clone(), calling: calling.into(), birthplace, deed, years: [born.into(), died.into()] };
    (is_plain && person.sentence().chars().count() <= MOST_CHARS).then_some(person)
}

impl Person {
    fn sentence(&self) -> String {
        let article =
            if self.calling.starts_with(['A', 'E', 'I', 'O']) && !self.calling.starts_with("Eu") { "an" } else { "a" };
        let birthplace = self.birthplace.as_ref().map_or(String::new(), |place| format!(" (born in {place})"));
        let deed = self.deed.as_ref().map_or(String::new(), |deed| format!(" who {deed}"));
        let [born, died] = &self.years;
        format!("{} was {article} {}{birthplace}{deed} ({born}-{died}).", self.name, self.calling)
    }

    /// One of five questions with its answer, if the definition answers it.
    fn question(&self, kind: usize) -> Option<(String, &str)> {
        let Self { name, calling, birthplace, deed, years: [born, died] } = self;
        Some(match kind {
            0 => (format!("Who {}?", deed.as_ref()?), name),
            1 => (format!("When was {name} born?"), born),
            2 => (format!("When did {name} die?"), died),
            3 => (format!("Where was {name} born?"), birthplace.as_ref()?),
            _ => (format!("What was {name}?"), calling),
        })
    }
}

/// The `i`th passage: question, passage, answer, and start of the answer. Kinds of questions and persons alternate.
fn row(i: usize, people: &[Person]) -> Option<[String; 4]> {
    let turn = |kind| {
        (0..people.len()).find_map(|j| {
            let asked = (i / 5 + j) % people.len();
            Some((asked, people[asked].question(kind)?))
        })
    };
    let (asked, (question, answer)) = (0..5).find_map(|more| turn((i + more) % 5))?;
    let sentences: Vec<String> = people.iter().map(Person::sentence).collect();
    let before: usize = sentences[..asked].iter().map(|sentence| sentence.chars().count() + 1).sum();
    let sentence = &sentences[asked];
    // A year is searched from the end: the year of death may also occur earlier with another meaning.
    let within = if answer.parse::<u32>().is_ok() { sentence.rfind(answer)? } else { sentence.find(answer)? };
    let start = before + sentence[..within].chars().count();
    Some([question, sentences.join(" "), answer.into(), start.to_string()])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::samples::tests::guessed_task;

    fn people() -> Vec<Person> {
        let lines = "1 18 n 02 Noe 0 Ada_Noé 0 001 @i 1 n 0000 | German physicist (born in Poland) who found it in 1880 \
                     (1850-1880)\n\
                     2 18 n 01 Bo_Berg 0 001 @i 1 n 0000 | Irish poet (1900-1950); more\n\
                     3 18 n 01 Cy_Cole 0 001 @i 1 n 0000 | English poet (born in 1950)\n";
        Synset::all(lines).filter_map(|synset| person(&synset)).collect()
    }

    #[test]
    fn a_definition_becomes_a_sentence() {
        let sentences: Vec<_> = people().iter().map(Person::sentence).collect();
        let expected = [
            "Ada Noé was a German physicist (born in Poland) who found it in 1880 (1850-1880).",
            "Bo Berg was an Irish poet (1900-1950).",
        ];
        assert_eq!(sentences, expected);
    }

    #[test]
    fn answers_are_at_their_stated_start() {
        let people = people();
        let rows: Vec<_> = (0..10).filter_map(|i| row(i, &people)).collect();
        for [question, context, answer, start] in &rows {
            let found: String = context.chars().skip(start.parse().unwrap()).take(answer.chars().count()).collect();
            assert_eq!(&found, answer, "{question}");
        }
        let asked: Vec<_> = rows.iter().map(|row| (row[0].as_str(), row[2].as_str())).collect();
        assert_eq!(asked[0], ("Who found it in 1880?", "Ada Noé"));
        assert_eq!(asked[2], ("When did Ada Noé die?", "1880"));
        assert_eq!(rows[2][3], "75");
        assert_eq!(asked[9], ("What was Bo Berg?", "Irish poet"));
        let file = File::csv(["question", "context", "answer", "start"], &rows).unwrap();
        assert_eq!(guessed_task(&file), "question_answering");
    }
}
