//! What a model is for, as far as its training budget goes: the classes that regressions tell apart.

use crate::portfolio::Labels;
use crate::portfolio::spelling::normal;

/// Classes with a budget of their own. Vision-language models are trained as language models are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Domain {
    /// Language, and vision with language.
    Language,
    /// Vision, generation of images and videos.
    Vision,
    /// Proteins and genomes.
    Biology,
    /// Speech, audio and everything else.
    Other,
}

impl Domain {
    /// The name used in fits and tables.
    pub fn name(self) -> &'static str {
        match self {
            Domain::Language => "language",
            Domain::Vision => "vision",
            Domain::Biology => "biology",
            Domain::Other => "other",
        }
    }

    /// By the label `domain`, else by `task`; a row that states neither is taken for a language model, as most are.
    pub fn of(labels: &Labels) -> Domain {
        let label = |name: &str| labels.get(name).map(normal).filter(|t| !t.is_empty());
        let domain = label("domain");
        let of_task = domain.is_none();
        let Some(text) = domain.or_else(|| label("task")) else { return Domain::Language };
        let has = |words: &[&str]| words.iter().any(|w| text.contains(w));
        if has(&["language"]) || of_task && has(&["imagetexttotext", "multimodal", "visualquestion", "anytoany"]) {
            Domain::Language
        } else if has(&["biology", "protein", "genom"]) {
            Domain::Biology
        } else if has(&["vision", "image", "video", "object", "segment", "depth"]) {
            Domain::Vision
        } else if !has(&["speech", "audio", "voice"])
            && has(&["text", "fillmask", "sentence", "token", "question", "translation", "summar", "chat"])
        {
            Domain::Language
        } else {
            Domain::Other
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn labels_of_epoch_and_of_the_hub() {
        let of = |name: &str, text: &str| Domain::of(&Labels::from([(name, text)]));
        for (name, text, domain) in [
            ("domain", "Multimodal,Language,Vision", Domain::Language),
            ("domain", "Vision,Image generation", Domain::Vision),
            ("domain", "Multimodal,Vision", Domain::Vision),
            ("domain", "Video,Games", Domain::Vision),
            ("domain", "Biology", Domain::Biology),
            ("domain", "Earth science", Domain::Other),
            ("domain", "Audio,Speech", Domain::Other),
            ("task", "text-generation", Domain::Language),
            ("task", "image-text-to-text", Domain::Language),
            ("task", "text-to-image", Domain::Vision),
            ("task", "text-to-speech", Domain::Other),
            ("task", "tabular-regression", Domain::Other),
            ("name", "anything", Domain::Language),
        ] {
            assert_eq!(of(name, text), domain, "{text}");
        }
    }
}
