//! Where a request comes from.

use std::net::{IpAddr, Ipv6Addr, SocketAddr};
use std::str::FromStr;

use http::{HeaderMap, header};

use crate::openapi::Operation;
use crate::{FromRequest, Rejection, Request};

/// The address of the client: that of the connection, or, where the connection comes from one of the app's
/// [trusted proxies](crate::App::trusted_proxies), the one that the proxies tell. A request that came over a Unix socket, or through none, as in
/// tests, has `::`.
///
/// ```
/// use covet::{get, ClientAddress};
///
/// /// Tell the caller its address.
/// #[get("/address")]
/// async fn address(address: ClientAddress) -> String {
///     address.ip().to_string()
/// }
/// # let _ = covet::routes![address];
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct ClientAddress(IpAddr);

impl ClientAddress {
    /// The address.
    pub fn ip(self) -> IpAddr {
        self.0
    }

    pub(crate) fn of(peer: Option<SocketAddr>, headers: &HeaderMap, proxies: &Proxies) -> Self {
        let peer = peer.map_or(IpAddr::V6(Ipv6Addr::UNSPECIFIED), |peer| peer.ip().to_canonical());
        let is_trusted = |address: IpAddr| proxies.networks.iter().any(|network| network.contains(address));
        if !is_trusted(peer) {
            return ClientAddress(peer);
        }
        // Every proxy adds the address that it saw at the end, so the first one from there that is not a proxy of ours
        // is the client; what stands before it is whatever the client wrote.
        let mut client = peer;
        for address in forwarded(headers, proxies.header).into_iter().rev() {
            let Some(address) = address else { break };
            client = address;
            if !is_trusted(address) {
                break;
            }
        }
        ClientAddress(client)
    }
}

impl FromRequest for ClientAddress {
    fn describe(_: &mut Operation<'_>, _: &str) {}

    async fn from_request(request: &mut Request, _: &'static str) -> Result<Self, Rejection> {
        Ok(request.client)
    }
}

/// The header in which an app's proxies tell the client's address. Only one is believed: a proxy that keeps one of them
/// passes what a client has written into the other.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum ProxyHeader {
    /// `X-Forwarded-For`, which most proxies write.
    #[default]
    XForwardedFor,
    /// `Forwarded` (RFC 7239).
    Forwarded,
}

/// The proxies in front of an app.
#[derive(Debug, Default)]
pub(crate) struct Proxies {
    pub(crate) networks: Vec<Network>,
    pub(crate) header: ProxyHeader,
}

/// The addresses that proxies tell, the nearest last; `None` for one that is no address.
fn forwarded(headers: &HeaderMap, header: ProxyHeader) -> Vec<Option<IpAddr>> {
    let values = |name: &header::HeaderName| -> Vec<String> {
        let texts = headers.get_all(name).iter().map(|value| value.to_str().unwrap_or_default());
        texts.flat_map(|text| text.split(',')).map(|part| part.trim().to_owned()).collect()
    };
    if header == ProxyHeader::XForwardedFor {
        return values(&header::HeaderName::from_static("x-forwarded-for")).iter().map(|text| address(text)).collect();
    }
    let of_element = |element: &String| {
        let pairs = element.split(';').filter_map(|pair| pair.trim().split_once('='));
        let (_, value) = pairs.into_iter().find(|(name, _)| name.eq_ignore_ascii_case("for"))?;
        address(value.trim_matches('"'))
    };
    values(&header::FORWARDED).iter().map(of_element).collect()
}

/// An address with or without a port, an IPv6 address with or without brackets.
fn address(text: &str) -> Option<IpAddr> {
    let address = text.parse().ok().or_else(|| Some(text.parse::<SocketAddr>().ok()?.ip()));
    let address = address.or_else(|| text.strip_prefix('[')?.strip_suffix(']')?.parse().ok());
    address.map(|address: IpAddr| address.to_canonical())
}

/// A range of addresses in CIDR notation, such as `10.0.0.0/8`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Network {
    address: IpAddr,
    prefix: u8,
}

impl Network {
    fn contains(self, other: IpAddr) -> bool {
        let shared = match (self.address, other) {
            (IpAddr::V4(left), IpAddr::V4(right)) => (left.to_bits() ^ right.to_bits()).leading_zeros(),
            (IpAddr::V6(left), IpAddr::V6(right)) => (left.to_bits() ^ right.to_bits()).leading_zeros(),
            _ => return false,
        };
        shared >= u32::from(self.prefix)
    }
}

impl FromStr for Network {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let fault = || format!("`{text}` is not a range of addresses, such as 10.0.0.0/8 or ::1, nor `unix`");
        if text == "unix" {
            // The address that stands for whoever has none, and that nobody can connect from.
            return Ok(Network { address: IpAddr::V6(Ipv6Addr::UNSPECIFIED), prefix: 128 });
        }
        let (address, prefix) = text.split_once('/').map_or((text, None), |(address, prefix)| (address, Some(prefix)));
        let address: IpAddr = address.parse().map_err(|_| fault())?;
        let widest = if address.is_ipv4() { 32 } else { 128 };
        let prefix = prefix.map_or(Ok(widest), str::parse).map_err(|_| fault())?;
        if prefix > widest { Err(fault()) } else { Ok(Network { address, prefix }) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_trusted_proxies_are_believed() {
        let check = |peer: &str, header: (&'static str, &str), expected: &str| {
            let networks = ["10.0.0.0/8", "::1"].iter().map(|text| text.parse().unwrap()).collect();
            let kept = if peer == "::1" { ProxyHeader::Forwarded } else { ProxyHeader::XForwardedFor };
            let proxies = Proxies { networks, header: kept };
            let mut headers = HeaderMap::new();
            headers.insert(header.0, header.1.parse().unwrap());
            let peer = SocketAddr::new(peer.parse().unwrap(), 1);
            let found = ClientAddress::of(Some(peer), &headers, &proxies);
            assert_eq!(found.ip().to_string(), expected, "{peer} {header:?}");
        };
        let list = "x-forwarded-for";
        check("192.0.2.1", (list, "198.51.100.7"), "192.0.2.1");
        check("10.1.2.3", (list, "198.51.100.7"), "198.51.100.7");
        check("::ffff:10.1.2.3", (list, "198.51.100.7"), "198.51.100.7");
        check("10.1.2.3", (list, "6.6.6.6, 198.51.100.7, 10.9.9.9"), "198.51.100.7");
        check("10.1.2.3", (list, "6.6.6.6, nonsense, 10.9.9.9"), "10.9.9.9");
        check("10.1.2.3", (list, ""), "10.1.2.3");
        check("10.1.2.3", (list, "198.51.100.7:1234"), "198.51.100.7");
        check("::1", ("forwarded", "for=6.6.6.6, for=\"[2001:db8::1]:47\";proto=https"), "2001:db8::1");
        check("::1", ("forwarded", "by=10.0.0.1;For=192.0.2.60"), "192.0.2.60");
        check("::1", ("forwarded", "for=unknown"), "::1");
        check("::1", (list, "198.51.100.7"), "::1");
        check("10.1.2.3", ("forwarded", "for=198.51.100.7"), "10.1.2.3");
    }

    #[test]
    fn ranges_are_parsed() {
        for wrong in ["", "10.0.0.0/33", "::/129", "10.0.0.0/", "x", "10.0.0.0/8/9"] {
            assert!(wrong.parse::<Network>().is_err(), "{wrong}");
        }
        assert!("0.0.0.0/0".parse::<Network>().unwrap().contains("9.9.9.9".parse().unwrap()));
        assert!(!"0.0.0.0/0".parse::<Network>().unwrap().contains("::1".parse().unwrap()));
    }
}
