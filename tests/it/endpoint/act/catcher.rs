//! A server that keeps what it is sent, and answers as it is told to.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};

/// One request, to the last byte.
#[derive(Clone, Debug)]
pub struct Request {
    pub method: String,
    pub target: String,
    pub headers: Vec<(String, String)>,
    pub body: Vec<u8>,
}

impl Request {
    /// A header by its name in small letters.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(known, _)| known.eq_ignore_ascii_case(name)).map(|(_, value)| value.as_str())
    }
}

/// What to say to a request, and whether the connection is kept. Nothing is said by hanging up.
pub type Manner = fn(number: usize, &Request) -> Option<Vec<u8>>;

pub struct Catcher {
    pub url: String,
    caught: Arc<Mutex<Vec<Request>>>,
}

impl Catcher {
    /// It listens until the process ends.
    #[expect(clippy::disallowed_methods, reason = "the test's own server, which ends with its process")]
    pub fn start(manner: Manner) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let caught = Arc::new(Mutex::new(Vec::new()));
        let kept = Arc::clone(&caught);
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                let kept = Arc::clone(&kept);
                std::thread::spawn(move || serve(stream.unwrap(), &kept, manner));
            }
        });
        Self { url, caught }
    }

    /// What came since this was asked last.
    pub fn take(&self) -> Vec<Request> {
        std::mem::take(&mut self.caught.lock().unwrap())
    }
}

fn serve(mut stream: TcpStream, kept: &Mutex<Vec<Request>>, manner: Manner) {
    let mut reader = BufReader::new(stream.try_clone().unwrap());
    let mut number = 0;
    while let Some(request) = read(&mut reader) {
        kept.lock().unwrap().push(request.clone());
        let Some(answer) = manner(number, &request) else { return };
        number += 1;
        if stream.write_all(&answer).is_err() {
            return;
        }
    }
}

fn read(reader: &mut BufReader<TcpStream>) -> Option<Request> {
    let mut line = || {
        let mut line = String::new();
        reader.read_line(&mut line).ok()?;
        Some(line.trim_end().to_owned())
    };
    let first = line()?;
    let mut words = first.split(' ');
    let (method, target) = (words.next()?.to_owned(), words.next()?.to_owned());
    let mut headers = Vec::new();
    loop {
        let header = line()?;
        let Some((name, value)) = header.split_once(':') else { break };
        headers.push((name.to_owned(), value.trim().to_owned()));
    }
    let mut request = Request { method, target, headers, body: Vec::new() };
    let length = request.header("content-length").map_or(0, |length| length.parse().unwrap());
    request.body = vec![0; length];
    reader.read_exact(&mut request.body).ok()?;
    Some(request)
}

/// The least that each protocol takes for success, with the name of whatever was made by it.
pub fn success(request: &Request) -> Vec<u8> {
    const NAMED: &[&str] = &["pipelineExecutionId", "deploymentId", "zonalShiftId", "TaskHandle"];
    let is_cbor = request.header("smithy-protocol").is_some();
    let is_form =
        request.header("content-type").is_some_and(|kind| kind.starts_with("application/x-www-form-urlencoded"));
    let (kind, body) = if is_cbor {
        // Two of these calls answer with nothing at all.
        ("application/cbor", String::new())
    } else if is_form {
        let form = String::from_utf8_lossy(&request.body).into_owned();
        let action = form.split(['&', '=']).nth(1).unwrap_or("").to_owned();
        let result = format!("<{action}Result><InstanceRefreshId>made-1</InstanceRefreshId></{action}Result>");
        ("text/xml", format!("<{action}Response>{result}</{action}Response>"))
    } else if request.target.contains("/healthcheck/") {
        let check = "<Id>c</Id><CallerReference>r</CallerReference><HealthCheckVersion>2</HealthCheckVersion>";
        let config = "<HealthCheckConfig><Type>HTTP</Type></HealthCheckConfig>";
        let body = format!("<HealthCheck>{check}{config}</HealthCheck>");
        ("text/xml", format!("<UpdateHealthCheckResponse>{body}</UpdateHealthCheckResponse>"))
    } else {
        let names: Vec<String> = NAMED.iter().map(|name| format!("\"{name}\":\"made-1\"")).collect();
        ("application/json", format!("{{{}}}", names.join(",")))
    };
    let more = if is_cbor { "smithy-protocol: rpc-v2-cbor\r\n" } else { "" };
    answer(200, &format!("content-type: {kind}\r\nx-amzn-requestid: req-1\r\n{more}"), &body)
}

/// A whole answer. The headers end their lines themselves.
pub fn answer(status: u16, headers: &str, body: &str) -> Vec<u8> {
    format!("HTTP/1.1 {status} .\r\n{headers}content-length: {}\r\n\r\n{body}", body.len()).into_bytes()
}
