//! A small static server for dist/, which sends the headers that dist/_headers lists.

use std::fs::{self, File};
use std::io::{self, BufRead, BufReader, Read, Seek, SeekFrom, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::ops::Range;
use std::path::{Component, Path, PathBuf};
use std::sync::Arc;
use std::thread;
use std::time::{Duration, UNIX_EPOCH};

use anyhow::{Context, Result};

use crate::{offline, paths};

/// Maximum length of a request's head, in bytes.
const HEAD_LIMIT_BYTES: u64 = 16 * 1024;
/// A connection that is silent for this long is closed.
const SILENCE: Duration = Duration::from_secs(30);
const REFUSED: &str = "405 Method Not Allowed";

/// Serves a folder on 127.0.0.1.
pub struct Server {
    listener: TcpListener,
    address: SocketAddr,
    site: Arc<Site>,
}

/// Files to be served.
struct Site {
    folder: PathBuf,
    /// Sent in place of the folder's own service worker.
    service_worker: Option<PathBuf>,
}

impl Server {
    /// Binds to the port; 0 selects a free one.
    pub fn bind(folder: &Path, port: u16) -> Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, port))
            .with_context(|| format!("cannot listen on port {port}; choose another with --port"))?;
        let site = Site { folder: folder.into(), service_worker: None };
        Ok(Self { address: listener.local_addr()?, listener, site: Arc::new(site) })
    }

    /// Sends the service worker's kill switch: a page that is rebuilt all the time must never be an older one.
    pub fn without_service_worker(self) -> Self {
        let service_worker = Some(paths::root().join("app/sw-off.js"));
        Self { site: Arc::new(Site { folder: self.site.folder.clone(), service_worker }), ..self }
    }

    /// Address of the page.
    pub fn url(&self) -> String {
        format!("http://{}/", self.address)
    }

    /// Serves until the process ends.
    pub fn run(self) {
        for stream in self.listener.incoming().flatten() {
            let site = Arc::clone(&self.site);
            // A browser that hangs up midway is not an error.
            thread::spawn(move || converse(&stream, &site).ok());
        }
    }
}

/// Answers requests on one connection until it is closed.
fn converse(stream: &TcpStream, site: &Site) -> io::Result<()> {
    stream.set_read_timeout(Some(SILENCE))?;
    let mut reader = BufReader::new(stream);
    while let Some(request) = Request::read(&mut reader)? {
        let response = Response::to(&request, site);
        // The body of a refused request is not read, so it could not be distinguished from a next request.
        let ends = response.status == REFUSED;
        response.write(stream, request.method == "HEAD")?;
        if ends {
            break;
        }
    }
    Ok(())
}

#[derive(Debug, Default)]
struct Request {
    method: String,
    path: String,
    range: Option<String>,
    if_none_match: Option<String>,
    takes_brotli: bool,
}

impl Request {
    fn read(reader: &mut impl BufRead) -> io::Result<Option<Self>> {
        let mut head = reader.take(HEAD_LIMIT_BYTES);
        let mut line = String::new();
        if head.read_line(&mut line)? == 0 {
            return Ok(None);
        }
        let mut words = line.split_whitespace().map(str::to_owned);
        let mut request = Self {
            method: words.next().unwrap_or_default(),
            path: words.next().unwrap_or_default(),
            ..Self::default()
        };
        loop {
            let mut line = String::new();
            if head.read_line(&mut line)? == 0 {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
            let Some((name, value)) = line.trim_end().split_once(':') else { return Ok(Some(request)) };
            let value = value.trim();
            match name.to_ascii_lowercase().as_str() {
                "range" => request.range = Some(value.to_owned()),
                "if-none-match" => request.if_none_match = Some(value.to_owned()),
                "accept-encoding" => request.takes_brotli = value.split([',', ' ', ';']).any(|word| word == "br"),
                _ => {}
            }
        }
    }
}

#[derive(Default)]
struct Response {
    status: &'static str,
    headers: Vec<(String, String)>,
    body: Option<(File, Range<u64>)>,
}

impl Response {
    fn to(request: &Request, site: &Site) -> Self {
        let mut response = match request.method.as_str() {
            "GET" | "HEAD" => Self::file(request, site).unwrap_or_else(|_| Self::status("404 Not Found")),
            _ => Self::status(REFUSED),
        };
        let asked = fs::read_to_string(site.folder.join("_headers")).unwrap_or_default();
        offline::listed(&asked).into_iter().for_each(|(name, value)| response.header(name, value));
        response
    }

    fn status(status: &'static str) -> Self {
        Self { status, ..Self::default() }
    }

    fn file(request: &Request, site: &Site) -> io::Result<Self> {
        let path = site.file(&request.path).ok_or(io::ErrorKind::NotFound)?;
        let mut response = Self::status("200 OK");
        response.header("Content-Type", content_type(&path));
        response.header("Accept-Ranges", "bytes");
        let mut file = File::open(&path)?;
        if request.takes_brotli
            && request.range.is_none()
            && let Ok(packed) = File::open(format!("{}.br", path.display()))
        {
            file = packed;
            response.header("Content-Encoding", "br");
            response.header("Vary", "Accept-Encoding");
        }
        let metadata = file.metadata()?;
        if !metadata.is_file() {
            return Err(io::ErrorKind::NotFound.into());
        }
        let age = metadata.modified()?.duration_since(UNIX_EPOCH).unwrap_or_default();
        let tag = format!("\"{:x}-{:x}\"", metadata.len(), age.as_nanos());
        response.header("ETag", &tag);
        if request.if_none_match.as_ref() == Some(&tag) {
            response.status = "304 Not Modified";
            return Ok(response);
        }
        let mut bytes = 0..metadata.len();
        if let Some(range) = request.range.as_deref().and_then(|range| range_of(range, metadata.len())) {
            if range.is_empty() {
                response.header("Content-Range", &format!("bytes */{}", metadata.len()));
                response.status = "416 Range Not Satisfiable";
                return Ok(response);
            }
            response.header("Content-Range", &format!("bytes {}-{}/{}", range.start, range.end - 1, metadata.len()));
            response.status = "206 Partial Content";
            bytes = range;
        }
        response.body = Some((file, bytes));
        Ok(response)
    }

    fn header(&mut self, name: &str, value: &str) {
        self.headers.push((name.to_owned(), value.to_owned()));
    }

    fn write(self, mut stream: &TcpStream, head_only: bool) -> io::Result<()> {
        let length = self.body.as_ref().map_or(0, |(_, bytes)| bytes.end - bytes.start);
        let mut head = format!("HTTP/1.1 {}\r\nContent-Length: {length}\r\n", self.status);
        for (name, value) in &self.headers {
            head += &format!("{name}: {value}\r\n");
        }
        head += "\r\n";
        stream.write_all(head.as_bytes())?;
        if let Some((mut file, bytes)) = self.body.filter(|_| !head_only) {
            file.seek(SeekFrom::Start(bytes.start))?;
            io::copy(&mut file.take(length), &mut stream)?;
        }
        Ok(())
    }
}

impl Site {
    fn file(&self, path: &str) -> Option<PathBuf> {
        match &self.service_worker {
            Some(service_worker) if path == "/sw.js" => Some(service_worker.clone()),
            _ => file_path(&self.folder, path),
        }
    }
}

/// The file for a request's path, never one outside the folder.
fn file_path(folder: &Path, path: &str) -> Option<PathBuf> {
    let path = percent_decoded(path.split(['?', '#']).next()?)?;
    let relative = Path::new(path.strip_prefix('/')?);
    if !relative.components().all(|component| matches!(component, Component::Normal(_))) {
        return None;
    }
    let file = folder.join(relative);
    Some(if file.is_dir() { file.join("index.html") } else { file })
}

fn percent_decoded(text: &str) -> Option<String> {
    let mut parts = text.split('%');
    let mut bytes = parts.next()?.as_bytes().to_vec();
    for part in parts {
        bytes.push(u8::from_str_radix(part.get(..2)?, 16).ok()?);
        bytes.extend_from_slice(&part.as_bytes()[2..]);
    }
    String::from_utf8(bytes).ok()
}

/// The bytes that a `Range` header asks for: empty if there are none, `None` for forms that may be ignored.
fn range_of(header: &str, length: u64) -> Option<Range<u64>> {
    let (start, end) = header.strip_prefix("bytes=")?.split_once('-')?;
    let range = match (start.parse::<u64>(), end.parse::<u64>()) {
        (Ok(start), Ok(last)) if start <= last => start..last.saturating_add(1).min(length),
        (Ok(start), Err(_)) if end.is_empty() => start..length,
        (Err(_), Ok(count)) if start.is_empty() => length.saturating_sub(count)..length,
        _ => return None,
    };
    Some(if range.start < range.end { range } else { 0..0 })
}

fn content_type(path: &Path) -> &'static str {
    match path.extension().and_then(|extension| extension.to_str()) {
        Some("html") => "text/html; charset=utf-8",
        Some("css") => "text/css; charset=utf-8",
        Some("js" | "mjs") => "text/javascript; charset=utf-8",
        Some("json") => "application/json",
        Some("webmanifest") => "application/manifest+json",
        Some("wasm") => "application/wasm",
        Some("svg") => "image/svg+xml",
        Some("png") => "image/png",
        Some("csv") => "text/csv; charset=utf-8",
        Some("txt") => "text/plain; charset=utf-8",
        _ => "application/octet-stream",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_never_leaves_the_folder() {
        let folder = Path::new("/dist");
        assert_eq!(file_path(folder, "/a%20b.js?x=1"), Some("/dist/a b.js".into()));
        for path in ["/../secret", "/%2e%2e/secret", "//etc/passwd", "/a/../../secret", "secret", "/%f", "/%zz"] {
            assert_eq!(file_path(folder, path), None, "{path}");
        }
    }

    #[test]
    fn ranges_are_clipped_and_odd_ones_ignored() {
        assert_eq!(range_of("bytes=2-3", 10), Some(2..4));
        assert_eq!(range_of("bytes=8-99", 10), Some(8..10));
        assert_eq!(range_of("bytes=8-", 10), Some(8..10));
        assert_eq!(range_of("bytes=-3", 10), Some(7..10));
        assert_eq!(range_of("bytes=10-", 10), Some(0..0));
        assert_eq!(range_of("bytes=3-2", 10), None);
        assert_eq!(range_of("bytes=0-1,4-5", 10), None);
    }

    #[test]
    fn a_file_is_served_with_its_headers_and_then_as_not_modified() {
        let folder = std::env::temp_dir().join(format!("hone-serve-{}", std::process::id()));
        fs::create_dir_all(&folder).unwrap();
        fs::write(folder.join("_headers"), "/*\n  X-Content-Type-Options: nosniff\n").unwrap();
        fs::write(folder.join("index.html"), "<p>").unwrap();

        let site = Site { folder: folder.clone(), service_worker: None };
        let mut request = Request { method: "GET".into(), path: "/".into(), ..Request::default() };
        let first = Response::to(&request, &site);
        let header = |name: &str| first.headers.iter().find(|(n, _)| n == name).map(|(_, value)| value.as_str());
        assert_eq!(first.status, "200 OK");
        assert_eq!(header("Content-Type"), Some("text/html; charset=utf-8"));
        assert_eq!(header("X-Content-Type-Options"), Some("nosniff"));

        request.if_none_match = header("ETag").map(str::to_owned);
        assert_eq!(Response::to(&request, &site).status, "304 Not Modified");
        fs::remove_dir_all(folder).unwrap();
    }

    #[test]
    fn a_page_under_development_gets_the_kill_switch_of_the_service_worker() {
        let server = Server::bind(Path::new("/dist"), 0).unwrap();
        assert_eq!(server.site.file("/sw.js"), Some("/dist/sw.js".into()));
        let developing = server.without_service_worker();
        let sent = fs::read_to_string(developing.site.file("/sw.js").unwrap()).unwrap();
        assert!(sent.contains("caches.delete") && !sent.contains("\"fetch\""), "{sent}");
        assert_eq!(developing.site.file("/boot.js"), Some("/dist/boot.js".into()));
    }
}
