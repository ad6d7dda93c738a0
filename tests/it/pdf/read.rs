//! Reads PDFs with a different library from the one that wrote them.

use lopdf::{Dictionary, Document, Object, content::Content};

/// A parsed PDF.
pub struct File {
    document: Document,
    /// The text of each page.
    pub pages: Vec<String>,
}

/// A filled rectangle: left, bottom, width, height.
pub type Box = (f32, f32, f32, f32);

impl File {
    pub fn read(bytes: &[u8]) -> Self {
        let document = Document::load_mem(bytes).unwrap();
        let mut numbers: Vec<u32> = document.get_pages().into_keys().collect();
        numbers.sort_unstable();
        let pages = numbers
            .iter()
            .map(|number| {
                let text = document.extract_text(&[*number]).unwrap();
                text.split_whitespace().collect::<Vec<_>>().join(" ")
            })
            .collect();
        Self { document, pages }
    }

    pub fn text(&self) -> String {
        self.pages.join("\n")
    }

    /// How often a text occurs in the file.
    pub fn count(&self, text: &str) -> usize {
        self.text().matches(text).count()
    }

    /// The width and height of the first page in whole points.
    pub fn size(&self) -> (u32, u32) {
        let page = self.document.get_dictionary(self.document.get_pages()[&1]).unwrap();
        let corners = page.get(b"MediaBox").and_then(Object::as_array).unwrap();
        let at = |place: usize| corners[place].as_float().unwrap() as u32;
        (at(2), at(3))
    }

    /// The targets of its links.
    pub fn links(&self) -> Vec<String> {
        let dictionaries =
            self.document.objects.values().filter_map(|object| object.as_dict().ok());
        dictionaries
            .filter_map(|dictionary| self.dictionary(dictionary, b"A"))
            .filter_map(|action| action.get(b"URI").and_then(Object::as_str).ok())
            .map(|address| String::from_utf8(address.to_vec()).unwrap())
            .collect()
    }

    /// The number of structure nodes of a kind.
    pub fn nodes(&self, kind: &str) -> usize {
        let is_one = |object: &&Object| {
            let kind_of = object.as_dict().and_then(|dictionary| dictionary.get(b"S"));
            kind_of.and_then(Object::as_name).is_ok_and(|name| name == kind.as_bytes())
        };
        self.document.objects.values().filter(is_one).count()
    }

    /// The number of pictures.
    pub fn pictures(&self) -> usize {
        let streams = self.document.objects.values().filter_map(|object| object.as_stream().ok());
        let names = streams.filter_map(|stream| stream.dict.get(b"Subtype").ok()?.as_name().ok());
        names.filter(|name| *name == b"Image").count()
    }

    /// The standards it claims to follow.
    pub fn claims(&self) -> String {
        let catalog = self.document.catalog().unwrap();
        let (_, metadata) = self.document.dereference(catalog.get(b"Metadata").unwrap()).unwrap();
        let stream = metadata.as_stream().unwrap();
        let plain = stream.decompressed_content().unwrap_or_else(|_| stream.content.clone());
        String::from_utf8(plain).unwrap()
    }

    /// The filled rectangles of a page.
    pub fn boxes(&self, page: u32) -> Vec<Box> {
        let id = self.document.get_pages()[&page];
        let content = Content::decode(&self.document.get_page_content(id)).unwrap();
        let mut boxes = Vec::new();
        let mut points: Vec<(f32, f32)> = Vec::new();
        for operation in content.operations {
            let numbers: Vec<f32> =
                operation.operands.iter().filter_map(|operand| operand.as_float().ok()).collect();
            match (operation.operator.as_str(), numbers.as_slice()) {
                ("re", [x, y, width, height]) => boxes.push((*x, *y, *width, *height)),
                ("m", [x, y]) => points = vec![(*x, *y)],
                ("l", [x, y]) => points.push((*x, *y)),
                ("h", _) => {
                    let least = |of: fn(&(f32, f32)) -> f32| points.iter().map(of).reduce(f32::min);
                    let most = |of: fn(&(f32, f32)) -> f32| points.iter().map(of).reduce(f32::max);
                    if let (Some(left), Some(right), Some(low), Some(high)) =
                        (least(|p| p.0), most(|p| p.0), least(|p| p.1), most(|p| p.1))
                    {
                        boxes.push((left, low, right - left, high - low));
                    }
                }
                _ => {}
            }
        }
        boxes
    }

    fn dictionary<'a>(&'a self, of: &'a Dictionary, key: &[u8]) -> Option<&'a Dictionary> {
        self.document.dereference(of.get(key).ok()?).ok()?.1.as_dict().ok()
    }
}
