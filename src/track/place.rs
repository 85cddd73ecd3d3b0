//! Where a run was: as somebody says, or as the metadata service of the cloud says, which is asked on request only.
//!
//! The service answers in plain HTTP at a link-local address that every cloud has in common. Nothing else is sent than the
//! three questions below, and nothing else is read of the answers than a region.
//!
//! | cloud | question | reference |
//! |---|---|---|
//! | AWS | `PUT /latest/api/token`, then `GET /latest/meta-data/placement/region` with the token (IMDSv2) | <https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/instancedata-data-retrieval.html> |
//! | Google | `GET /computeMetadata/v1/instance/zone`: `projects/N/zones/us-central1-a` | <https://cloud.google.com/compute/docs/metadata/predefined-metadata-keys> |
//! | Azure | `GET /metadata/instance/compute/location` | <https://learn.microsoft.com/azure/virtual-machines/instance-metadata-service> |

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::{Duration, Instant};

use serde::{Deserialize, Serialize};

/// A place.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Site {
    /// As in the column `region`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub region: Option<String>,
    /// As in the column `provider`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub provider: Option<String>,
}

/// The address of the service in every cloud.
pub const SERVICE: ([u8; 4], u16) = ([169, 254, 169, 254], 80);
/// How long a connection and an answer may take: outside a cloud nobody answers.
const PATIENCE: Duration = Duration::from_millis(700);
/// Longer answers are none.
const LONGEST: usize = 4096;

/// Asks the service at this address; why there is no answer, otherwise.
///
/// # Errors
/// A sentence for the record.
pub fn ask(service: SocketAddr) -> Result<Site, String> {
    let site = |provider: &str, region: String| Site { region: Some(region), provider: Some(provider.to_string()) };
    // Where nothing listens, the first question says so and the others need not be asked.
    TcpStream::connect_timeout(&service, PATIENCE)
        .map_err(|e| format!("the cloud's metadata service did not answer ({e}); the place is not known"))?;
    let token = request(service, "PUT /latest/api/token", &["X-aws-ec2-metadata-token-ttl-seconds: 60"]);
    if let Some(token) = token.filter(|token| token.bytes().all(|b| b.is_ascii_graphic())) {
        let header = format!("X-aws-ec2-metadata-token: {token}");
        let region = request(service, "GET /latest/meta-data/placement/region", &[&header]);
        if let Some(region) = region.and_then(named) {
            return Ok(site("aws", region));
        }
    }
    let zone = request(service, "GET /computeMetadata/v1/instance/zone", &["Metadata-Flavor: Google"]);
    let zone = zone.as_deref().and_then(|path| path.strip_prefix("projects/")?.rsplit('/').next());
    if let Some(region) = zone.and_then(|zone| named(zone.rsplit_once('-')?.0.to_string())) {
        return Ok(site("gcp", region));
    }
    let path = "GET /metadata/instance/compute/location?api-version=2021-02-01&format=text";
    match request(service, path, &["Metadata: true"]).and_then(named) {
        Some(region) => Ok(site("azure", region)),
        None => Err("the metadata service of no known cloud answered; the place is not known".into()),
    }
}

/// A text that may be the name of a region.
fn named(text: String) -> Option<String> {
    let fits = (1..=64).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-');
    fits.then_some(text)
}

/// The body of an answer 200.
fn request(service: SocketAddr, what: &str, headers: &[&str]) -> Option<String> {
    let mut stream = TcpStream::connect_timeout(&service, PATIENCE).ok()?;
    let until = Instant::now() + PATIENCE;
    stream.set_write_timeout(Some(PATIENCE)).ok()?;
    let headers: String = headers.iter().map(|header| format!("{header}\r\n")).collect();
    let head =
        format!("{what} HTTP/1.1\r\nHost: {}\r\n{headers}Content-Length: 0\r\nConnection: close\r\n\r\n", service.ip());
    stream.write_all(head.as_bytes()).ok()?;
    let (mut answer, mut piece) = (Vec::new(), [0u8; 1024]);
    while answer.len() < LONGEST {
        let left = until.checked_duration_since(Instant::now()).filter(|left| !left.is_zero())?;
        stream.set_read_timeout(Some(left)).ok()?;
        match stream.read(&mut piece) {
            Ok(0) => break,
            Ok(n) => answer.extend_from_slice(&piece[..n]),
            Err(_) => return None,
        }
        if is_whole(&answer) {
            break;
        }
    }
    let answer = String::from_utf8(answer).ok()?;
    let (head, body) = answer.split_once("\r\n\r\n")?;
    let status = head.split_whitespace().nth(1)?;
    (status == "200").then(|| body.trim().to_string()).filter(|body| !body.is_empty())
}

/// Whether as much has come as the answer says it has.
fn is_whole(answer: &[u8]) -> bool {
    let text = String::from_utf8_lossy(answer);
    let Some((head, body)) = text.split_once("\r\n\r\n") else { return false };
    let length = head.lines().filter_map(|line| line.split_once(':')).find_map(|(name, value)| {
        name.eq_ignore_ascii_case("content-length").then(|| value.trim().parse::<usize>().ok()).flatten()
    });
    length.is_some_and(|length| body.len() >= length)
}

#[cfg(test)]
mod tests {
    use std::io::{BufRead, BufReader};
    use std::net::TcpListener;
    use std::thread;

    use super::*;

    /// A service that answers lines that begin so; all else is 404.
    fn service(answers: &'static [(&'static str, &'static str, &'static str)]) -> SocketAddr {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        thread::spawn(move || {
            for stream in listener.incoming() {
                let mut stream = stream.unwrap();
                let lines: Vec<String> = BufReader::new(stream.try_clone().unwrap())
                    .lines()
                    .map_while(Result::ok)
                    .take_while(|line| !line.is_empty())
                    .collect();
                let has = |text: &str| lines.iter().any(|line| line.starts_with(text));
                let body = answers.iter().find(|(what, header, _)| has(what) && has(header)).map(|(_, _, body)| *body);
                let status = if body.is_some() { "200 OK" } else { "404 Not Found" };
                let body = body.unwrap_or("no");
                let _ = write!(stream, "HTTP/1.1 {status}\r\nContent-Length: {}\r\n\r\n{body}", body.len());
            }
        });
        address
    }

    fn site(provider: &str, region: &str) -> Result<Site, String> {
        Ok(Site { region: Some(region.into()), provider: Some(provider.into()) })
    }

    #[test]
    fn each_cloud_in_its_way() {
        let aws = service(&[
            ("PUT /latest/api/token", "X-aws-ec2-metadata-token-ttl-seconds: 60", "T0ken=="),
            ("GET /latest/meta-data/placement/region", "X-aws-ec2-metadata-token: T0ken==", "eu-west-3"),
        ]);
        assert_eq!(ask(aws), site("aws", "eu-west-3"));
        let google = service(&[(
            "GET /computeMetadata/v1/instance/zone",
            "Metadata-Flavor: Google",
            "projects/123/zones/us-central1-a",
        )]);
        assert_eq!(ask(google), site("gcp", "us-central1"));
        let azure =
            service(&[("GET /metadata/instance/compute/location?api-version=", "Metadata: true", "westeurope")]);
        assert_eq!(ask(azure), site("azure", "westeurope"));
    }

    #[test]
    fn what_is_no_region_is_none() {
        // Without a token IMDSv2 says nothing, and a text that would act on a terminal is no name.
        let odd = service(&[
            ("GET /latest/meta-data/placement/region", "", "eu-west-3"),
            ("GET /metadata/instance/compute/location", "Metadata: true", "\u{1b}[31mred"),
        ]);
        assert!(ask(odd).is_err());
        let closed = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
        assert!(ask(closed).is_err_and(|why| why.contains("did not answer")));
    }
}
