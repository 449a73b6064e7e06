//! What each system does with a request, by its documentation: who may ask, which fields it needs, what it answers.

use serde_json::{Value, json};

use super::{Reply, Request, pairs};

/// The secret that every server knows its client by, and the user that goes with it.
pub(crate) const SECRET: &str = "s3cr3t-t0k3n-0815";
pub(crate) const USER: &str = "push@example.com";
/// `base64(USER:SECRET)`, by coreutils' base64.
const BASIC: &str = "Basic cHVzaEBleGFtcGxlLmNvbTpzM2NyM3QtdDBrM24tMDgxNQ==";

/// A ticket.
#[derive(Debug, Clone, Default)]
pub(crate) struct Ticket {
    pub(crate) id: u64,
    pub(crate) fields: Value,
    /// Names of its files, and their content as it came (base 64, or text).
    pub(crate) files: Vec<(String, String)>,
    pub(crate) updates: u32,
}

/// A ticket system.
#[derive(Debug, Clone, Default)]
pub(crate) struct Model {
    system: String,
    pub(crate) tickets: Vec<Ticket>,
    sessions: u32,
    pub(crate) open_sessions: u32,
}

impl Model {
    pub(crate) fn new(system: &str) -> Self {
        Self { system: system.into(), ..Self::default() }
    }

    pub(crate) fn answer(&mut self, r: &Request) -> Reply {
        match self.system.as_str() {
            "zammad" => self.zammad(r),
            "glpi" => self.glpi(r),
            "itop" => self.itop(r),
            "osticket" => self.osticket(r),
            "servicenow" => self.servicenow(r),
            "jira" => self.jira(r),
            "tmf621" => self.tmf621(r, "externalIdentifier.id"),
            "tmf621-v4" => self.tmf621(r, "externalId"),
            _ => Reply::new(404, ""),
        }
    }

    fn add(&mut self, fields: Value) -> &mut Ticket {
        let id = 4711 + self.tickets.len() as u64;
        self.tickets.push(Ticket { id, fields, ..Ticket::default() });
        self.tickets.last_mut().unwrap()
    }

    fn ticket(&mut self, id: &str) -> Option<&mut Ticket> {
        self.tickets.iter_mut().find(|t| t.id.to_string() == id)
    }

    fn with(&self, text: &str) -> Vec<&Ticket> {
        self.tickets.iter().filter(|t| !text.is_empty() && t.fields.to_string().contains(text)).collect()
    }

    fn zammad(&mut self, r: &Request) -> Reply {
        if r.header("authorization") != format!("Token token={SECRET}") {
            return Reply::json(401, json!({"error": "Invalid token"}));
        }
        let shown =
            |t: &Ticket| json!({"id": t.id, "number": format!("{}", 80_000 + t.id), "title": t.fields["title"]});
        let body = r.json();
        match (r.method.as_str(), r.path.trim_start_matches("/api/v1/")) {
            ("GET", "tickets/search") => Reply::json(200, self.with(r.param("query")).into_iter().map(shown).collect()),
            ("POST", "tickets") => {
                for needed in ["/title", "/group", "/customer", "/article/body"] {
                    if body.pointer(needed).and_then(Value::as_str).is_none_or(str::is_empty) {
                        return Reply::json(422, json!({"error": format!("Missing {needed}")}));
                    }
                }
                Reply::json(201, shown(self.add(body)))
            }
            ("PUT", path) => match self.ticket(path.trim_start_matches("tickets/")) {
                Some(t) => {
                    t.updates += 1;
                    t.fields["state"] = body["state"].clone();
                    Reply::json(200, shown(t))
                }
                None => Reply::json(404, json!({"error": "Couldn't find Ticket"})),
            },
            ("POST", "ticket_articles") => {
                let id = body["ticket_id"].as_str().unwrap_or_default();
                let Some(t) = self.ticket(id) else { return Reply::json(422, json!({"error": "No such ticket"})) };
                for a in body["attachments"].as_array().unwrap() {
                    t.files.push((text(&a["filename"]), text(&a["data"])));
                }
                Reply::json(201, json!({"id": 1}))
            }
            ("GET", path) => match self.ticket(path.trim_start_matches("ticket_articles/by_ticket/")) {
                Some(t) => Reply::json(200, json!([{"id": 1, "attachments": names(t, "filename")}])),
                None => Reply::json(404, json!({})),
            },
            _ => Reply::json(404, json!({})),
        }
    }

    fn glpi(&mut self, r: &Request) -> Reply {
        let path = r.path.trim_start_matches("/apirest.php/");
        if path == "initSession" {
            if r.header("authorization") != format!("user_token {SECRET}") {
                return Reply::json(401, json!(["ERROR_GLPI_LOGIN_USER_TOKEN", "user_token seems invalid"]));
            }
            self.sessions += 1;
            self.open_sessions += 1;
            return Reply::json(200, json!({"session_token": format!("session-83af7e620c83-{}", self.sessions)}));
        }
        if r.header("session-token") != format!("session-83af7e620c83-{}", self.sessions)
            || !r.header("authorization").is_empty()
        {
            return Reply::json(401, json!(["ERROR_SESSION_TOKEN_INVALID", "session_token seems invalid"]));
        }
        let input = r.json()["input"].clone();
        match (r.method.as_str(), path) {
            ("GET", "killSession") => {
                self.open_sessions = self.open_sessions.saturating_sub(1);
                Reply::json(200, json!(true))
            }
            ("GET", "search/Ticket") => {
                assert_eq!((r.param("criteria[0][field]"), r.param("criteria[0][searchtype]")), ("21", "contains"));
                let rows: Vec<Value> = self
                    .with(r.param("criteria[0][value]"))
                    .iter()
                    .map(|t| json!({"2": t.id, "21": t.fields["content"]}))
                    .collect();
                match rows.len() {
                    0 => Reply::json(200, json!({"totalcount": 0, "count": 0})),
                    n => Reply::json(200, json!({"totalcount": n, "count": n, "data": rows})),
                }
            }
            ("POST", "Ticket") if input["name"].is_string() && input["content"].is_string() => {
                Reply::json(201, json!({"id": self.add(input).id, "message": ""}))
            }
            ("PUT", path) => match self.ticket(path.trim_start_matches("Ticket/")) {
                Some(t) => {
                    t.updates += 1;
                    t.fields["status"] = input["status"].clone();
                    let done = t.id.to_string();
                    Reply::json(200, json!([{done: true, "message": ""}]))
                }
                None => Reply::json(404, json!(["ERROR_ITEM_NOT_FOUND", ""])),
            },
            ("POST", "Document") => {
                let parts = parts(r);
                let manifest: Value = serde_json::from_str(part(&parts, "uploadManifest")).unwrap();
                let name = text(&manifest["input"]["_filename"][0]);
                let content = part(&parts, "filename[0]").to_owned();
                let Some(t) = self.ticket(manifest["input"]["tickets_id"].as_str().unwrap()) else {
                    return Reply::json(400, json!([]));
                };
                t.files.push((name, content));
                Reply::json(201, json!({"id": 7, "message": "Document moved"}))
            }
            _ => Reply::json(400, json!(["ERROR_BAD_ARRAY", "the fields are not those of the type"])),
        }
    }

    fn itop(&mut self, r: &Request) -> Reply {
        let form = pairs(&String::from_utf8_lossy(&r.body));
        let field = |name: &str| form.iter().find(|(n, _)| n == name).map_or("", |(_, v)| v).to_owned();
        assert_eq!((r.path.as_str(), r.param("version")), ("/webservices/rest.php", "1.3"));
        if field("auth_user") != USER || field("auth_pwd") != SECRET {
            return Reply::json(200, json!({"code": 1, "message": "Error: Invalid login"}));
        }
        let data: Value = serde_json::from_str(&field("json_data")).unwrap();
        let object = |t: &Ticket| {
            json!({"code": 0, "message": "", "class": "UserRequest", "key": t.id.to_string(),
                   "fields": {"id": t.id.to_string(), "ref": format!("R-{:06}", t.id), "description": t.fields["description"]}})
        };
        let named = |t: &Ticket| json!({format!("UserRequest::{}", t.id): object(t)});
        match (data["operation"].as_str().unwrap(), data["class"].as_str().unwrap()) {
            ("core/get", "UserRequest") => {
                let wanted = data["key"].as_str().unwrap().split('%').nth(1).unwrap();
                let found: Vec<Value> = self.with(wanted).into_iter().map(named).collect();
                let objects = found.first().cloned().unwrap_or_default();
                Reply::json(200, json!({"code": 0, "message": format!("Found: {}", found.len()), "objects": objects}))
            }
            ("core/create", "UserRequest") if data["fields"]["org_id"].is_object() => {
                let objects = named(self.add(data["fields"].clone()));
                Reply::json(200, json!({"code": 0, "message": null, "objects": objects}))
            }
            ("core/update", "UserRequest") => match self.ticket(data["key"].as_str().unwrap()) {
                Some(t) => {
                    t.updates += 1;
                    let objects = named(t);
                    Reply::json(200, json!({"code": 0, "message": null, "objects": objects}))
                }
                None => Reply::json(200, json!({"code": 100, "message": "Error: Invalid object UserRequest"})),
            },
            ("core/create", "Attachment") => {
                let f = data["fields"].clone();
                let Some(t) = self.ticket(f["item_id"].as_str().unwrap()) else {
                    return Reply::json(200, json!({"code": 100}));
                };
                t.files.push((text(&f["contents"]["filename"]), text(&f["contents"]["data"])));
                Reply::json(
                    200,
                    json!({"code": 0, "message": null, "objects": {"Attachment::1": {"key": "1", "fields": {}}}}),
                )
            }
            _ => Reply::json(200, json!({"code": 11, "message": "Error: unknown operation"})),
        }
    }

    fn osticket(&mut self, r: &Request) -> Reply {
        if r.header("x-api-key") != SECRET {
            return Reply::new(401, "Valid API key required");
        }
        let body = r.json();
        if (r.method.as_str(), r.path.as_str()) != ("POST", "/api/tickets.json") {
            return Reply::new(404, "");
        }
        for needed in ["name", "email", "subject", "message"] {
            if body[needed].as_str().is_none_or(str::is_empty) {
                return Reply::new(400, format!("Unable to create new ticket: {needed} is required"));
            }
        }
        let files = body["attachments"].as_array().unwrap().iter().flat_map(|f| f.as_object().unwrap().clone());
        let files: Vec<_> =
            files.map(|(name, data)| (name, text(&data).split(',').nth(1).unwrap().to_owned())).collect();
        let t = self.add(body);
        t.files = files;
        Reply::new(201, t.id.to_string())
    }

    fn servicenow(&mut self, r: &Request) -> Reply {
        if r.header("authorization") != BASIC {
            return Reply::json(
                401,
                json!({"error": {"message": "User Not Authenticated", "detail": ""}, "status": "failure"}),
            );
        }
        let shown = |t: &Ticket| json!({"sys_id": t.id.to_string(), "number": format!("INC{:07}", t.id), "correlation_id": t.fields["correlation_id"]});
        match (r.method.as_str(), r.path.trim_start_matches("/api/now/")) {
            ("GET", "table/incident") => {
                let wanted = r.param("sysparm_query").trim_start_matches("correlation_id=").to_owned();
                let found = self.tickets.iter().filter(|t| t.fields["correlation_id"] == wanted.as_str());
                Reply::json(200, json!({"result": found.map(shown).collect::<Vec<_>>()}))
            }
            ("POST", "table/incident") => Reply::json(201, json!({"result": shown(self.add(r.json()))})),
            ("PATCH", path) => match self.ticket(path.trim_start_matches("table/incident/")) {
                Some(t) => {
                    t.updates += 1;
                    t.fields["state"] = r.json()["state"].clone();
                    Reply::json(200, json!({"result": shown(t)}))
                }
                None => Reply::json(404, json!({"error": {"message": "No Record found"}, "status": "failure"})),
            },
            ("POST", "attachment/file") => {
                let (id, name) = (r.param("table_sys_id").to_owned(), r.param("file_name").to_owned());
                let content = String::from_utf8_lossy(&r.body).into_owned();
                let Some(t) = self.ticket(&id) else { return Reply::json(404, json!({})) };
                t.files.push((name, content));
                Reply::json(201, json!({"result": {"sys_id": "a1"}}))
            }
            ("GET", "attachment") => {
                let id = r.param("sysparm_query").trim_start_matches("table_sys_id=").to_owned();
                let files = self.ticket(&id).map(|t| names(t, "file_name")).unwrap_or_default();
                Reply::json(200, json!({"result": files}))
            }
            _ => Reply::json(400, json!({"error": {"message": "Requested URI does not represent any resource"}})),
        }
    }

    fn jira(&mut self, r: &Request) -> Reply {
        if r.header("authorization") != BASIC {
            return Reply::new(401, "Client must be authenticated to access this resource.");
        }
        let key = |t: &Ticket| format!("FAULT-{}", t.id);
        let path = r.path.trim_start_matches("/rest/api/3/").to_owned();
        let id = path.split('/').nth(1).unwrap_or_default().trim_start_matches("FAULT-").to_owned();
        let fields = r.json()["fields"].clone();
        match (r.method.as_str(), path.as_str()) {
            ("POST", "search/jql") => {
                let jql = text(&r.json()["jql"]);
                let label = jql.split('"').nth(1).unwrap();
                let found = self.tickets.iter().filter(|t| t.fields["labels"][0] == label);
                let issues: Vec<Value> = found
                    .map(|t| json!({"id": t.id.to_string(), "key": key(t), "fields": {"labels": [label]}}))
                    .collect();
                Reply::json(200, json!({"issues": issues, "isLast": true}))
            }
            ("POST", "issue") => {
                let paragraphs = fields["description"]["content"].as_array().cloned().unwrap_or_default();
                if fields["project"]["key"] != "FAULT" || paragraphs.iter().any(|p| p["content"][0]["text"] == "") {
                    return Reply::json(
                        400,
                        json!({"errorMessages": [], "errors": {"project": "valid project is required"}}),
                    );
                }
                let t = self.add(fields);
                Reply::json(201, json!({"id": t.id.to_string(), "key": key(t), "self": ""}))
            }
            ("POST", _) if path.ends_with("/attachments") => {
                if r.header("x-atlassian-token") != "no-check" {
                    return Reply::new(403, "XSRF check failed");
                }
                let parts = parts(r);
                let (name, content) =
                    parts.iter().find(|(n, ..)| n == "file").map(|(_, f, c)| (f.clone(), c.clone())).unwrap();
                self.ticket(&id).unwrap().files.push((name.clone(), content));
                Reply::json(200, json!([{"id": "1", "filename": name}]))
            }
            ("PUT", _) => match self.ticket(&id) {
                Some(t) => {
                    t.updates += 1;
                    Reply::new(204, "")
                }
                None => Reply::json(404, json!({"errorMessages": ["Issue does not exist"]})),
            },
            ("GET", _) => match self.ticket(&id) {
                Some(t) => Reply::json(200, json!({"fields": {"attachment": names(t, "filename")}})),
                None => Reply::json(404, json!({})),
            },
            _ => Reply::json(404, json!({})),
        }
    }

    fn tmf621(&mut self, r: &Request, filter: &str) -> Reply {
        if r.header("authorization") != format!("Bearer {SECRET}") {
            return Reply::json(401, json!({"code": "40", "reason": "Missing credentials"}));
        }
        let shown = |t: &Ticket| {
            let mut shown = t.fields.clone();
            shown["id"] = json!(t.id.to_string());
            shown
        };
        let body = r.json();
        match (r.method.as_str(), r.path.as_str()) {
            ("GET", "/troubleTicket") => {
                let wanted = r.param(filter);
                assert!(!wanted.is_empty() && r.query.len() == 1, "{:?}", r.query);
                let ids =
                    |t: &&Ticket| t.fields["externalId"] == wanted || t.fields["externalIdentifier"][0]["id"] == wanted;
                Reply::json(200, self.tickets.iter().filter(ids).map(shown).collect())
            }
            ("POST", "/troubleTicket") => {
                for needed in ["description", "severity", "ticketType"] {
                    if !body[needed].is_string() {
                        return Reply::json(400, json!({"code": "23", "reason": format!("Missing {needed}")}));
                    }
                }
                let t = self.add(body);
                t.files = tmf_files(&t.fields);
                Reply::json(201, shown(t))
            }
            ("PATCH", path) => match self.ticket(path.trim_start_matches("/troubleTicket/")) {
                Some(t) => {
                    assert_eq!(r.header("content-type"), "application/merge-patch+json");
                    for fixed in ["id", "href", "creationDate", "externalId", "externalIdentifier"] {
                        assert!(body.get(fixed).is_none(), "{fixed} is not patchable");
                    }
                    t.updates += 1;
                    for (name, value) in body.as_object().unwrap() {
                        t.fields[name] = value.clone();
                    }
                    t.files = tmf_files(&t.fields);
                    Reply::json(200, shown(t))
                }
                None => Reply::json(404, json!({"code": "60", "reason": "Resource not found"})),
            },
            _ => Reply::json(405, json!({})),
        }
    }
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}

fn names(t: &Ticket, field: &str) -> Vec<Value> {
    t.files.iter().map(|(name, _)| json!({field: name})).collect()
}

fn tmf_files(fields: &Value) -> Vec<(String, String)> {
    let all = fields["attachment"].as_array().cloned().unwrap_or_default();
    all.iter().map(|a| (text(&a["name"]), text(&a["content"]))).collect()
}

/// Name, file name and content of each part (RFC 7578).
fn parts(r: &Request) -> Vec<(String, String, String)> {
    let boundary = r.header("content-type").split("boundary=").nth(1).unwrap().to_owned();
    let body = String::from_utf8_lossy(&r.body).into_owned();
    assert!(body.ends_with(&format!("--{boundary}--\r\n")));
    let quoted = |head: &str, key: &str| {
        head.split(&format!(" {key}=\"")).nth(1).map(|t| t.split('"').next().unwrap().to_owned())
    };
    let between = format!("--{boundary}\r\n");
    let all = body.split(&between).skip(1).map(|p| p.split_once("\r\n\r\n").unwrap());
    all.map(|(head, content)| {
        let content = content.split(&format!("\r\n--{boundary}--")).next().unwrap();
        let content = content.strip_suffix("\r\n").unwrap_or(content).to_owned();
        (quoted(head, "name").unwrap(), quoted(head, "filename").unwrap_or_default(), content)
    })
    .collect()
}

fn part<'a>(parts: &'a [(String, String, String)], name: &str) -> &'a str {
    parts.iter().find(|(n, ..)| n == name).map(|(.., c)| c.as_str()).unwrap()
}
