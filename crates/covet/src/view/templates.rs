//! The templates of an app.

use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};

use covet_template::{Engine, Error, ErrorKind};
use serde::Serialize;

use super::page::ViewDescription;
use super::rendered::Rendered;
use crate::Assets;

/// The template of problem pages, if the app has one.
pub(super) const ERROR_PAGE: &str = "error.html";

/// The templates of an app, made by [`templates!`](crate::templates!) and given to it with
/// [`App::templates`](crate::App::templates). Handlers render them by answering a struct with
/// [`#[covet::view]`](macro@crate::view).
///
/// A release build has the texts in it. A development build (`debug_assertions`) reads them from their folder whenever
/// they are rendered, so that a change is seen at the next reload of the page, and shows a page with the place of an error
/// in a template; [`Templates::development`] decides otherwise.
///
/// Beside a page's own variables templates have `static('app.css')`, the address of a file of the app's
/// [`Assets`], and `csp_nonce`, for scripts and style sheets that stand in the page, under the policy of the app's
/// [`SecurityHeaders`](crate::SecurityHeaders). Undefined variables are
/// errors.
///
/// ```
/// use covet::{App, Templates, get, routes};
///
/// /// The front page.
/// #[covet::view("front.html")]
/// struct Front { title: &'static str }
///
/// /// Show the front page.
/// #[get("/")]
/// async fn front() -> Front {
///     Front { title: "Books & more" }
/// }
///
/// # #[covet::main]
/// # async fn main() -> covet::Result<()> {
/// # let templates = Templates::in_memory(&[("front.html", "<h1>{{ title }}</h1>")]);
/// # /*
/// let templates = covet::templates!("templates");
/// # */
/// let app = App::new("Shop", "1.0.0").templates(templates).routes(routes![front]);
/// let page = covet::test::Client::new(app)?.get("/").send().await;
/// assert_eq!(page.text(), "<h1>Books &amp; more</h1>");
/// # Ok(())
/// # }
/// ```
#[derive(Debug)]
pub struct Templates {
    engine: Engine,
    embedded: &'static [(&'static str, &'static str)],
    folder: Option<PathBuf>,
    development: bool,
    assets: Arc<OnceLock<Arc<Assets>>>,
    /// Whether a page may take a nonce. Random bytes are asked of the system, which is not free.
    takes_nonce: bool,
    /// Whether the engine has more than the texts that are known here.
    is_changed: bool,
}

impl Templates {
    fn new(folder: Option<PathBuf>, embedded: &'static [(&'static str, &'static str)], development: bool) -> Self {
        let assets = Arc::<OnceLock<Arc<Assets>>>::default();
        let mut engine = Engine::new();
        let files = assets.clone();
        engine.add_function("static", move |name: String| url(files.get().map(|assets| &**assets), &name));
        Templates { engine, embedded, folder, development, assets, takes_nonce: true, is_changed: false }
    }

    /// Templates that are part of the program, as [`templates!`](crate::templates!) makes them.
    #[doc(hidden)]
    pub fn embedded(folder: &str, embedded: &'static [(&'static str, &'static str)], development: bool) -> Self {
        // A development build that is run elsewhere has the texts of when it was built.
        Self::new(Some(folder.into()), embedded, development && Path::new(folder).is_dir())
    }

    /// Templates from a folder that is there when the program runs. They are not part of the program.
    pub fn in_folder(folder: impl Into<PathBuf>) -> Self {
        Self::new(Some(folder.into()), &[], cfg!(debug_assertions))
    }

    /// Templates that stand in the program, as pairs of names and texts.
    pub fn in_memory(templates: &'static [(&'static str, &'static str)]) -> Self {
        Self::new(None, templates, cfg!(debug_assertions))
    }

    /// Whether templates are read again whenever they are rendered, and their errors are shown to whoever visits the page.
    /// Without this a development build does so, and a release build does not.
    pub fn development(mut self, development: bool) -> Self {
        self.development = development;
        self
    }

    /// With more filters, functions or variables, or another budget: whatever the
    /// [`Engine`](covet_template::Engine) has to be set.
    ///
    /// ```
    /// # use covet::Templates;
    /// let templates = Templates::in_memory(&[("price.html", "{{ cents|euros }}")]);
    /// let templates = templates.engine(|engine| {
    ///     engine.add_filter("euros", |cents: i64| format!("{}.{:02} €", cents / 100, cents % 100));
    /// });
    /// ```
    pub fn engine(mut self, change: impl FnOnce(&mut Engine)) -> Self {
        change(&mut self.engine);
        self.is_changed = true;
        self
    }

    /// Renders a template with variables from anything that serializes to a map, for what is no page: a mail, a feed.
    /// Handlers get the templates as `State<Templates>`.
    ///
    /// # Errors
    /// There is no such template, it does not compile, or rendering fails.
    pub fn render<C: Serialize + ?Sized>(&self, name: &str, context: &C) -> Result<String, Error> {
        self.engine.render(name, context)
    }

    /// The templates, to be shared with the handlers.
    pub(crate) fn ready(mut self) -> Self {
        let folder = self.folder.as_ref().filter(|_| self.development || self.embedded.is_empty());
        match folder {
            Some(folder) => self.engine.set_folder(folder),
            None => {
                self.engine.add_embedded(self.embedded);
                self.takes_nonce = self.is_changed || self.embedded.iter().any(|(_, text)| text.contains("csp_nonce"));
            }
        }
        self.engine.set_reload(self.development && self.folder.is_some());
        self
    }

    /// Lets `static(…)` find the app's files.
    pub(crate) fn connect(&self, assets: Arc<Assets>) {
        self.assets.get_or_init(|| assets);
    }

    pub(super) fn is_development(&self) -> bool {
        self.development
    }

    /// The text of a template, to be shown around an error in it.
    pub(super) fn text(&self, name: &str) -> Option<String> {
        let embedded = self.embedded.iter().find(|(known, _)| *known == name);
        match &self.folder {
            Some(folder) if self.development => std::fs::read_to_string(folder.join(name)).ok(),
            _ => embedded.map(|(_, text)| (*text).to_owned()),
        }
    }

    /// What is wrong with the template of a result.
    pub(crate) fn check(&self, view: &ViewDescription) -> Result<(), String> {
        let given: Vec<&str> = view.variables.into_iter().flatten().copied().collect();
        let mut variables = self.engine.variables(view.template).map_err(|error| format!("{error:#}"))?;
        variables.retain(|name| name != "csp_nonce");
        let unknown = |name: &&String| view.variables.is_some() && !given.contains(&name.as_str());
        let unknown: Vec<&str> = variables.iter().filter(unknown).map(String::as_str).collect();
        if unknown.is_empty() {
            return Ok(());
        }
        let (template, ty) = (view.template, view.type_name.rsplit("::").next().unwrap_or_default());
        Err(format!(
            "the template `{template}` takes `{}`, which `{ty}` does not have; it has {}",
            unknown.join("`, `"),
            if given.is_empty() { "no fields".to_owned() } else { format!("`{}`", given.join("`, `")) },
        ))
    }

    /// What is wrong with the template of problem pages, if there is one.
    pub(crate) fn check_error_page(&self) -> Result<(), String> {
        match self.engine.variables(ERROR_PAGE) {
            Err(error) if is_absent(&error) => Ok(()),
            Err(error) => Err(format!("{error:#}")),
            Ok(variables) => match variables.iter().find(|name| !["problem", "csp_nonce"].contains(&name.as_str())) {
                Some(name) => {
                    Err(format!("the template `{ERROR_PAGE}` takes `{name}`, but problem pages have `problem` alone"))
                }
                None => Ok(()),
            },
        }
    }

    /// What is wrong with a template that stands in place of a page of the framework's own, if there is one: it is rendered with
    /// values as the page would have them.
    #[cfg(all(feature = "auth", feature = "_db"))]
    pub(crate) fn check_replacement(&self, template: &str, sample: &serde_json::Value) -> Result<(), String> {
        let names = sample.as_object().into_iter().flat_map(|sample| sample.keys().map(String::as_str));
        let given: Vec<&str> = names.chain(["csp_nonce"]).collect();
        let checked = self.engine.check_variables(template, &given);
        match checked.and_then(|()| self.page(template, sample).map(drop)) {
            Err(error) if is_absent(&error) => Ok(()),
            Err(error) => Err(format!("{error:#}")),
            Ok(()) => Ok(()),
        }
    }

    /// A page.
    pub(super) fn page<C: Serialize + ?Sized>(&self, name: &str, variables: &C) -> Result<Rendered, Error> {
        if self.takes_nonce {
            Rendered::new(&self.engine, None, name, variables)
        } else {
            Rendered::without_nonce(&self.engine, name, variables)
        }
    }
}

/// Whether the template itself is not there, and not one that it names.
pub(super) fn is_absent(error: &Error) -> bool {
    error.kind() == ErrorKind::TemplateNotFound && error.places().is_empty()
}

fn url(assets: Option<&Assets>, name: &str) -> Result<String, String> {
    let assets = assets.ok_or("the app has no static files; give it some with `.assets(…)`")?;
    assets.url(name).ok_or_else(|| {
        let mut names: Vec<&str> = assets.names().collect();
        names.sort_unstable();
        format!("there is no static file `{name}`; there are `{}`", names.join("`, `"))
    })
}
