//! `--image` and `--images`: which images containers run, in place of those that the documents name.

use std::path::PathBuf;

use crate::diagnostic::{Diagnostic, SourceFile};
use crate::documents::images;
use crate::stack::ImageMap;

#[derive(clap::Args, Clone, Debug, Default)]
pub struct ImageArguments {
    /// An image to use in the docker world in place of one that the documents name, as in
    /// prom/prometheus=registry.local/prometheus:2.42; may be given several times
    #[arg(long = "image", value_name = "IMAGE=IMAGE")]
    pub image: Vec<String>,

    /// A YAML file of such images, `prom/prometheus: registry.local/prometheus:2.42`
    /// [default: the file that FIREDRILL_IMAGES names]
    #[arg(long, value_name = "FILE")]
    pub images: Option<PathBuf>,
}

impl ImageArguments {
    pub fn are_given(&self) -> bool {
        !self.image.is_empty() || self.images.is_some()
    }

    /// As they were given.
    pub fn again(&self) -> String {
        let file = self.images.iter().map(|path| format!(" --images {}", path.display()));
        file.chain(self.image.iter().map(|image| format!(" --image {image}"))).collect()
    }

    /// The file's map, overridden by the single ones.
    pub fn map(&self) -> Result<ImageMap, Vec<Diagnostic>> {
        self.map_over(std::env::var_os("FIREDRILL_IMAGES").map(PathBuf::from))
    }

    /// The map, where the environment names a file.
    fn map_over(&self, from_environment: Option<PathBuf>) -> Result<ImageMap, Vec<Diagnostic>> {
        let mut problems = Vec::new();
        let mut map = ImageMap::default();
        if let Some(path) = self.images.clone().or(from_environment) {
            match std::fs::read_to_string(&path) {
                Ok(text) => {
                    let (read, wrong) = images::read_file(&SourceFile::new(path.display().to_string(), text));
                    map = read;
                    problems.extend(wrong);
                }
                Err(error) => problems.push(Diagnostic::error(
                    "unreadable",
                    format!("the file of images {} can't be read: {error}", path.display()),
                )),
            }
        }
        let mut single = ImageMap::default();
        for argument in &self.image {
            images::read_argument(&SourceFile::new("--image", argument.clone()), &mut single, &mut problems);
        }
        match problems.is_empty() {
            true => Ok(map.overridden_by(single)),
            false => Err(problems),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stack::Image;

    fn check(image: &[&str], expected: Result<(&str, &str), &str>) {
        let arguments =
            ImageArguments { image: image.iter().map(|text| (*text).to_owned()).collect(), images: None };
        let got = arguments.map_over(None);
        match expected {
            Ok((wanted, replacement)) => {
                let replaced = got.unwrap().replacement(&Image::parse(wanted).unwrap());
                assert_eq!(replaced.map(|image| image.to_string()).as_deref(), Some(replacement));
            }
            Err(message) => {
                let problems = got.unwrap_err();
                assert!(problems[0].to_string().contains(message), "{}", problems[0]);
            }
        }
    }

    #[test]
    fn an_argument_says_what_to_use_in_the_place_of_what() {
        check(&["prom/prometheus=here/prometheus:2.42"], Ok(("prom/prometheus:v3", "here/prometheus:2.42")));
        check(&["docker.io/=here/"], Ok(("prom/prometheus:v3", "here/prom/prometheus:v3")));
    }

    #[test]
    fn a_mistake_is_told_at_its_place() {
        check(&["prom/prometheus"], Err("--image:1:1"));
        check(&["prom/prometheus=Here"], Err("--image:1:17"));
        check(&["redis=a", "library/redis=b"], Err("said twice"));
    }
}
