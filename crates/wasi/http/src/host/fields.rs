//! Header fields and trailers, as the guest calls for them.

use http::{HeaderMap, HeaderName, HeaderValue};
use silica_component::Resource;
use silica_engine::{Error, Result};

use crate::bindings::wasi::http::types::{HeaderError, HostFields};
use crate::context::HttpContextView;
use crate::fields::{FORBIDDEN, Fields};

fn parse_name(name: &str) -> std::result::Result<HeaderName, HeaderError> {
    let name = HeaderName::from_bytes(name.as_bytes()).map_err(|_| HeaderError::InvalidSyntax)?;
    if FORBIDDEN.contains(&name.as_str()) {
        return Err(HeaderError::Forbidden);
    }
    Ok(name)
}

/// What comes of a change: a trap, or what the guest is told.
type Changed = Result<std::result::Result<(), HeaderError>>;

impl HttpContextView<'_> {
    fn change(
        &mut self,
        fields: &Resource<Fields>,
        change: impl FnOnce(&mut HeaderMap) -> std::result::Result<(), HeaderError>,
    ) -> Changed {
        let bytes_max = self.context.limits.header_bytes_max;
        let fields = self.table.get_mut(fields)?;
        if fields.is_immutable {
            return Ok(Err(HeaderError::Immutable));
        }
        let changed = change(&mut fields.map);
        if fields.bytes() > bytes_max {
            return Err(Error::msg(
                "header fields are longer than the program may make them",
            ));
        }
        Ok(changed)
    }
}

fn append(
    map: &mut HeaderMap,
    name: HeaderName,
    value: &[u8],
) -> std::result::Result<(), HeaderError> {
    let value = HeaderValue::from_bytes(value).map_err(|_| HeaderError::InvalidSyntax)?;
    // The map has a bound of its own, far above ours.
    map.try_append(name, value)
        .map_err(|_| HeaderError::InvalidSyntax)?;
    Ok(())
}

impl HostFields for HttpContextView<'_> {
    fn new(&mut self) -> Result<Resource<Fields>> {
        Ok(self.table.push(Fields::default())?)
    }

    fn from_list(
        &mut self,
        entries: Vec<(String, Vec<u8>)>,
    ) -> Result<std::result::Result<Resource<Fields>, HeaderError>> {
        let fields = self.table.push(Fields::default())?;
        for (name, value) in entries {
            let appended = self.change(&fields, |map| append(map, parse_name(&name)?, &value))?;
            if let Err(error) = appended {
                self.table.delete(fields)?;
                return Ok(Err(error));
            }
        }
        Ok(Ok(fields))
    }

    fn get(&mut self, fields: Resource<Fields>, name: String) -> Result<Vec<Vec<u8>>> {
        let values = self.table.get(&fields)?.map.get_all(name.as_str());
        Ok(values
            .iter()
            .map(|value| value.as_bytes().to_vec())
            .collect())
    }

    fn has(&mut self, fields: Resource<Fields>, name: String) -> Result<bool> {
        Ok(self.table.get(&fields)?.map.contains_key(name.as_str()))
    }

    fn set(&mut self, fields: Resource<Fields>, name: String, values: Vec<Vec<u8>>) -> Changed {
        self.change(&fields, |map| {
            let name = parse_name(&name)?;
            let mut set = HeaderMap::new();
            for value in &values {
                append(&mut set, name.clone(), value)?;
            }
            map.remove(&name);
            for value in set.into_iter().map(|(_, value)| value) {
                append(map, name.clone(), value.as_bytes())?;
            }
            Ok(())
        })
    }

    fn delete(&mut self, fields: Resource<Fields>, name: String) -> Changed {
        self.change(&fields, |map| {
            map.remove(parse_name(&name)?);
            Ok(())
        })
    }

    fn append(&mut self, fields: Resource<Fields>, name: String, value: Vec<u8>) -> Changed {
        self.change(&fields, |map| append(map, parse_name(&name)?, &value))
    }

    fn entries(&mut self, fields: Resource<Fields>) -> Result<Vec<(String, Vec<u8>)>> {
        let entries = self.table.get(&fields)?.map.iter();
        let told = entries.map(|(name, value)| (name.to_string(), value.as_bytes().to_vec()));
        Ok(told.collect())
    }

    fn clone(&mut self, fields: Resource<Fields>) -> Result<Resource<Fields>> {
        let map = self.table.get(&fields)?.map.clone();
        Ok(self.table.push(Fields {
            map,
            is_immutable: false,
        })?)
    }

    fn drop(&mut self, fields: Resource<Fields>) -> Result<()> {
        self.table.delete(fields)?;
        Ok(())
    }
}
