"""The Bookshop asked by Authlib, requests-oauthlib and PyJWT, which are not ours.

python client.py ISSUER
"""

import base64
import hashlib
import html
import json
import os
import re
import secrets
import sys
import time
import urllib.parse

import jwt
import requests
from authlib.integrations.requests_client import OAuth2Session as Authlib
from authlib.integrations.requests_client import OAuthError
from authlib.oauth2.rfc7523 import PrivateKeyJWT
from oauthlib.oauth2 import BackendApplicationClient, OAuth2Error
from requests_oauthlib import OAuth2Session as Oauthlib

# Both libraries want to hear that plain http, of this machine, is meant.
os.environ["AUTHLIB_INSECURE_TRANSPORT"] = "1"
os.environ["OAUTHLIB_INSECURE_TRANSPORT"] = "1"

ISSUER = sys.argv[1]
REDIRECT = "http://127.0.0.1:6001/callback"
METADATA = requests.get(f"{ISSUER}/.well-known/openid-configuration", timeout=10).json()
KEYS = jwt.PyJWKClient(METADATA["jwks_uri"])
KEYED = {
    "kty": "EC", "crv": "P-256", "kid": "keyed-1", "d": "wsUHOZboEJzAN2alTF5CKwrKaLm6krOE_omtiGpWSz8",
    "x": "nIa0Muo9k9QuVO9oY5hByCXjCKx7Wmcz-sDQ7lFYELE", "y": "FdHxIZt76I3F2E7SDDlON-Pzbmq_dPUoI8Gc3ri9RvI",
}
# Authlib signs assertions by RSA alone.
KEYED_RSA = {
    "kty": "RSA", "kid": "keyed-2",
    "n": "0DzL0N6gk6-"
    "20Q0bRCiQa8TjGoQw9f4QRSjo1A7DVH02PxaEmdtJ4buW2ul8g_exK1oefr4KlNquBM2c0am3J1PzobigUq3wSUO8tgKzjyVDf6x"
    "nqnYiTMvNRNC1F9o0bZxwJHe672mYlMOOjr0zf-kz-1rphY06nFoc02pQlNXVkMBlIpGFiyaL5SoBZoUl_bmAO-uXNprwqMpGvBB"
    "bZUoDTSpiQgfOf_8K46QsKPaivnqR-m151-edDqpy7or0F5ApiiGSSLmuDvl6DEhGeHywj5bQMhbGxs1km3MANhqyHHH53-"
    "u9Z1e37vfMGhIjHGSOM9sJg2ijIiufFCxp7w",
    "e": "AQAB",
    "d": "LPxVU6QksIMPTY41S74vpPh9z2arZRkjzq0Nz3H5BLGgHHTy5IIZLejmqBg0zBWgcqsfV2YaxxmO6n642Bp_9MEQKunFyNbGyC0Y"
    "AYIH5G66bESEiLDIrCqDB9DGroZ3OQ7IszgibEI1sj2k-HUrQQDSOATl2fIurURSYeHf0qcTLMSZzqIi2Z0lg1AdXbO-KxBSWpUm"
    "ac9MUaZAHu9df1M4yPSw35KHA34oLY8PO420SL0c65ZkD9-hqmjcdsyZYbbbgEPu7Cn8SHUrgPazdE5eYYSTPi-"
    "X7qMMkihW2FEnAoCQST7LnESWCAhQo9PE-VeSDl8WpQjytLw6V3nn8Q",
    "p": "_d6AgFOnq4O8Gsz0e1i4hIaGENZ5h1mcdUkvF6tbWN0ewC3yYMnlCDeiaMono4_7dEtWiUGuBYSNEDYEPsI9r_nGUH0a7FfdOtMh"
    "TbkfkS8f83l7s1E7Giv3fTkXPcyra8FoFYSoVGRp3iwJEigznEPISBDAFZLdHnSEz_QjtwM",
    "q": "0fw-ZpN2SHnoquAN4Ftivzaj_GFwvfjhlcqs6HP8EB3ogLRwIl-E-8SPxijVX1w-"
    "_ZXLzUGssSXB4IcE5lHR8iom6QPHRMSwd6yAxGOcD7-6WlzS9AlGB0MV7V2RhCB1CXZ-imK6xRBg2DH712pSYSTVNLUcq5xdO-"
    "MoCYjCJ6U",
    "dp": "iylt_WpeDhnvgi15kyfmNddcJFy9T6Gir3RHmUz4jPThR22oYMAriV6d651tLy7dIzmtHR5g22t2vD0wBIsLr6xWtoZtvMLJZdaY"
    "efeRw082z4t3cKuFn2och4tFHz5TdYUWnj0S3PgSRJSVAFwDNpS9dCuib_EKvwgWSbxF26s",
    "dq": "O4Z34fgXZcA5NodBJ8KAIZhJsDenEBNHT4Eett56K89uo12DFBtjxUMZRqE4q0mpCZW3Kj5dx_HeHdnoh6nWDAHq-"
    "c76ZAIlzCb4cbOS_9vn5cm-ezNNyK05wAnwQDY7Ny2B_ZSzQT29VkwFCjG3nJYmYkSdFgDDZUCljt5Xu4k",
    "qi": "XVwlbRMdxMthTNPLxraVkjn2QtUPjqIBqMemMagI_ggaSYNwZ5Rv9_XjnCFBq2SCV4cI-i3Zgmv3RDHC-"
    "n9IMum3cACq_xLyh3PgOMjx3ANkM2LXLT2fidBV6O0xy163rUchETcD4KYXiHEZ1muFVZEgWV1d-MGCWV7QoBpZ-Dk",
}


class Browser:
    """A browser without script: it keeps cookies, follows redirects within the shop, and sends the forms it is shown."""

    def __init__(self, user="ada"):
        self.session = requests.Session()
        self.session.headers["accept"] = "text/html"
        self.fill = {
            "/login": {"login": user, "password": f"{user}'s password"},
            "/oauth/authorize": {"decision": "approve"},
            "/oauth/device": {"decision": "approve"},
        }

    def visit(self, url):
        """The foreign address that a visit ends at, or the last answer."""
        answer = self.session.get(url, allow_redirects=False, timeout=10)
        for _ in range(12):
            if "location" in answer.headers:
                url = urllib.parse.urljoin(url, answer.headers["location"])
                if not url.startswith(f"{ISSUER}/"):
                    return url
                answer = self.session.get(url, allow_redirects=False, timeout=10)
                continue
            forms = re.findall(r"<form.*?</form>", answer.text, re.S)
            form = next((form for form in forms if attribute(form, "action") in self.fill), None)
            if form is None:
                return answer
            inputs = re.findall(r"<input[^>]*>", form)
            fields = {attribute(field, "name"): attribute(field, "value") or "" for field in inputs}
            fields |= self.fill[attribute(form, "action")]
            url = urllib.parse.urljoin(url, attribute(form, "action"))
            headers = {"sec-fetch-site": "same-origin"}
            answer = self.session.post(url, data=fields, headers=headers, allow_redirects=False, timeout=10)
        raise AssertionError(f"no end at {url}")


def attribute(tag, name):
    found = re.search(rf'\s{name}="([^"]*)"', tag)
    return html.unescape(found[1]) if found else None


def verify(token, audience, kind):
    assert jwt.get_unverified_header(token)["typ"] == kind
    key = KEYS.get_signing_key_from_jwt(token)
    options = {"require": ["exp", "iat", "sub", "iss", "aud"]}
    return jwt.decode(token, key.key, algorithms=["RS256"], audience=audience, issuer=ISSUER, options=options)


def api(path, token=None, **more):
    headers = {"authorization": f"Bearer {token}"} if token else {}
    return requests.request(more.pop("method", "GET"), ISSUER + path, headers=headers, timeout=10, **more)


def refused(code, call, *arguments, **more):
    try:
        call(*arguments, **more)
    except (OAuthError, OAuth2Error) as error:
        assert error.error == code, (error.error, error)
        return
    raise AssertionError(f"no {code}")


def authlib(client="app", secret=None, scope="openid profile email orders:read", **more):
    return Authlib(client, secret, scope=scope, redirect_uri=REDIRECT, code_challenge_method="S256", **more)


def authlib_code(session, user="ada", **more):
    verifier = secrets.token_urlsafe(48)
    url, state = session.create_authorization_url(METADATA["authorization_endpoint"], code_verifier=verifier, **more)
    location = Browser(user).visit(url)
    return session.fetch_token(METADATA["token_endpoint"], authorization_response=location, code_verifier=verifier, state=state)


def code_with_authlib():
    session = authlib()
    token = authlib_code(session, nonce="n-1")
    assert verify(token["id_token"], "app", "JWT")["nonce"] == "n-1"
    access = verify(token["access_token"], ISSUER, "at+jwt")
    assert access["client_id"] == "app" and sorted(access["scope"].split()) == ["email", "openid", "orders:read", "profile"]
    me = session.get(f"{ISSUER}/api/me").json()
    assert me["roles"] == ["customer"] and me["permissions"] == ["orders:read"], me
    assert session.get(f"{ISSUER}/api/orders").status_code == 200
    order = session.post(f"{ISSUER}/api/orders", json={"lines": [{"book": 1, "copies": 1}]})
    assert order.status_code == 403 and 'scope="orders:write"' in order.headers["www-authenticate"], order.headers
    user = session.get(METADATA["userinfo_endpoint"]).json()
    assert user["sub"] == access["sub"] and user["email"] == "ada@shop.example"


def code_with_a_confidential_client():
    for method in ["client_secret_post", "client_secret_basic"]:
        session = Authlib(
            "web", "the web's secret", scope="openid orders:read orders:write", code_challenge_method="S256",
            redirect_uri="http://127.0.0.1:4711/callback?from=shop", token_endpoint_auth_method=method,
        )
        token = authlib_code(session)
        order = session.post(f"{ISSUER}/api/orders", json={"lines": [{"book": 2, "copies": 1}]})
        assert order.status_code == 201 and order.json()["customer"] == verify(token["id_token"], "web", "JWT")["sub"]
        assert session.get(ISSUER + order.headers["location"]).json() == order.json()
        told = session.introspect_token(METADATA["introspection_endpoint"], token=token["access_token"]).json()
        assert told["active"] and told["client_id"] == "web" and told["exp"] > time.time(), told
        session.revoke_token(METADATA["revocation_endpoint"], token=token["access_token"])
        assert session.introspect_token(METADATA["introspection_endpoint"], token=token["access_token"]).json() == {"active": False}
        assert session.get(f"{ISSUER}/api/me").status_code == 401


def a_wrong_verifier_or_none():
    for verifier, code in [("x" * 43, "invalid_grant"), (None, "invalid_grant")]:
        session = authlib()
        url, state = session.create_authorization_url(METADATA["authorization_endpoint"], code_verifier=secrets.token_urlsafe(48))
        more = {"code_verifier": verifier} if verifier else {}
        response = Browser().visit(url)
        try:
            session.fetch_token(METADATA["token_endpoint"], authorization_response=response, state=state, **more)
        except OAuthError as error:
            assert error.error in (code, "invalid_request"), error
        else:
            raise AssertionError("a token without the verifier")


def refresh_with_authlib():
    session = authlib()
    first = dict(authlib_code(session))
    second = session.refresh_token(METADATA["token_endpoint"], refresh_token=first["refresh_token"])
    assert second["refresh_token"] != first["refresh_token"] and second["access_token"] != first["access_token"]
    verify(second["id_token"], "app", "JWT")
    time.sleep(2.1)
    refused("invalid_grant", session.refresh_token, METADATA["token_endpoint"], refresh_token=first["refresh_token"])
    refused("invalid_grant", session.refresh_token, METADATA["token_endpoint"], refresh_token=second["refresh_token"])
    assert api("/api/me", second["access_token"]).status_code == 401, "the family has ended"


def code_and_refresh_with_requests_oauthlib():
    session = Oauthlib("app", scope=["openid", "orders:read"], redirect_uri=REDIRECT, pkce="S256")
    url, _ = session.authorization_url(METADATA["authorization_endpoint"], nonce="n-2")
    token = session.fetch_token(METADATA["token_endpoint"], authorization_response=Browser().visit(url), include_client_id=True)
    assert verify(token["id_token"], "app", "JWT")["nonce"] == "n-2"
    assert session.get(f"{ISSUER}/api/orders").status_code == 200
    fresh = session.refresh_token(METADATA["token_endpoint"], client_id="app")
    assert fresh["refresh_token"] != token["refresh_token"]
    assert session.get(f"{ISSUER}/api/me").json()["client"] == "app"


def client_credentials():
    session = Oauthlib(client=BackendApplicationClient("service", scope=["books:write"]))
    token = session.fetch_token(METADATA["token_endpoint"], client_id="service", client_secret="service-secret")
    assert "refresh_token" not in token and "id_token" not in token
    book = {"title": "Emma", "author": "Jane Austen", "published": 1815, "price": 999}
    assert session.post(f"{ISSUER}/api/books", json=book).status_code == 201
    assert session.get(f"{ISSUER}/api/orders").status_code == 403
    session = Oauthlib(client=BackendApplicationClient("service"))
    refused("invalid_client", session.fetch_token, METADATA["token_endpoint"], client_id="service", client_secret="wrong")
    session = Authlib("service", "service-secret", scope="orders:read")
    session.fetch_token(METADATA["token_endpoint"], grant_type="client_credentials")
    assert session.get(f"{ISSUER}/api/me").json()["subject"] == "service"


def private_key_jwt():
    session = Authlib("keyed", KEYED_RSA, scope="orders:read", token_endpoint_auth_method="private_key_jwt")
    session.register_client_auth_method(PrivateKeyJWT(METADATA["token_endpoint"]))
    session.fetch_token(METADATA["token_endpoint"], grant_type="client_credentials")
    assert session.get(f"{ISSUER}/api/me").json()["subject"] == "keyed"


def device():
    asked = requests.post(METADATA["device_authorization_endpoint"], data={"client_id": "app", "scope": "openid orders:read"}, timeout=10)
    asked = asked.json()
    session = authlib()
    poll = lambda: session.fetch_token(
        METADATA["token_endpoint"], grant_type="urn:ietf:params:oauth:grant-type:device_code", device_code=asked["device_code"]
    )
    refused("authorization_pending", poll)
    refused("slow_down", poll)
    shown = Browser().visit(asked["verification_uri_complete"])
    assert shown.status_code == 200, shown.text
    for _ in range(6):
        time.sleep(asked["interval"])
        try:
            token = poll()
            break
        except OAuthError as error:
            assert error.error == "slow_down", error
    assert api("/api/me", token["access_token"]).json()["permissions"] == ["orders:read"]
    refused("invalid_grant", poll)


def pushed_request():
    verifier = secrets.token_urlsafe(48)
    challenge = base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).rstrip(b"=").decode()
    parameters = {
        "client_id": "app", "redirect_uri": REDIRECT, "response_type": "code", "scope": "openid orders:read", "state": "s",
        "code_challenge": challenge, "code_challenge_method": "S256",
    }
    pushed = requests.post(METADATA["pushed_authorization_request_endpoint"], data=parameters, timeout=10)
    assert pushed.status_code == 201 and pushed.json()["expires_in"] > 0, pushed.text
    query = urllib.parse.urlencode({"client_id": "app", "request_uri": pushed.json()["request_uri"]})
    location = Browser().visit(f"{METADATA['authorization_endpoint']}?{query}")
    token = authlib().fetch_token(METADATA["token_endpoint"], authorization_response=location, code_verifier=verifier, state="s")
    assert api("/api/orders", token["access_token"]).status_code == 200
    again = Browser().visit(f"{METADATA['authorization_endpoint']}?{query}")
    assert not isinstance(again, str) and again.status_code == 400


def dpop():
    key = jwt.algorithms.ECAlgorithm.from_jwk(json.dumps(KEYED))
    public = {name: KEYED[name] for name in ["kty", "crv", "x", "y"]}

    def proof(method, url, token=None):
        claims = {"htm": method, "htu": url, "iat": int(time.time()), "jti": secrets.token_urlsafe(16)}
        if token:
            claims["ath"] = base64.urlsafe_b64encode(hashlib.sha256(token.encode()).digest()).rstrip(b"=").decode()
        return jwt.encode(claims, key, algorithm="ES256", headers={"typ": "dpop+jwt", "jwk": public})

    form = {"grant_type": "client_credentials", "scope": "orders:read"}
    answer = requests.post(
        METADATA["token_endpoint"], data=form, auth=("service", "service-secret"),
        headers={"dpop": proof("POST", METADATA["token_endpoint"])}, timeout=10,
    ).json()
    assert answer["token_type"] == "DPoP", answer
    token = answer["access_token"]
    call = lambda proof: requests.get(
        f"{ISSUER}/api/me?x=1", headers={"authorization": f"DPoP {token}", "dpop": proof}, timeout=10
    )
    good = proof("GET", f"{ISSUER}/api/me", token)
    assert [call(good).status_code, call(good).status_code] == [200, 401]
    for wrong in [
        proof("POST", f"{ISSUER}/api/me", token), proof("GET", f"{ISSUER}/api/orders", token), proof("GET", f"{ISSUER}/api/me"),
        proof("GET", f"{ISSUER}/api/me", "another"), "nonsense",
    ]:
        answer = call(wrong)
        assert answer.status_code == 401 and answer.headers["www-authenticate"].startswith("DPoP "), answer.headers
    assert api("/api/me", token).status_code == 401


def logout():
    browser = Browser()
    session = authlib()
    verifier = secrets.token_urlsafe(48)
    url, state = session.create_authorization_url(METADATA["authorization_endpoint"], code_verifier=verifier)
    token = session.fetch_token(METADATA["token_endpoint"], authorization_response=browser.visit(url), code_verifier=verifier, state=state)
    query = {"id_token_hint": token["id_token"], "post_logout_redirect_uri": "http://127.0.0.1/bye", "state": "s"}
    assert browser.visit(f"{METADATA['end_session_endpoint']}?{urllib.parse.urlencode(query)}") == "http://127.0.0.1/bye?state=s"
    assert api("/api/me", token["access_token"]).status_code == 401
    refused("invalid_grant", session.refresh_token, METADATA["token_endpoint"], refresh_token=token["refresh_token"])


def forged_tokens():
    token = authlib_code(authlib())["access_token"]
    assert api("/api/me", token).status_code == 200
    header, payload, signature = token.split(".")
    claims = json.loads(base64.urlsafe_b64decode(payload + "=="))
    pem = KEYS.get_signing_key_from_jwt(token).key
    unsigned = jwt.encode(claims, None, algorithm="none", headers={"typ": "at+jwt"})
    own = jwt.encode(claims, jwt.algorithms.ECAlgorithm.from_jwk(json.dumps(KEYED)), algorithm="ES256", headers={"typ": "at+jwt"})
    confused = jwt.encode(claims, str(pem.public_numbers().n), algorithm="HS256", headers={"typ": "at+jwt"})
    wider = base64.urlsafe_b64encode(json.dumps(claims | {"scope": "books:write"}).encode()).rstrip(b"=").decode()
    for forged in [unsigned, own, confused, f"{header}.{wider}.{signature}", f"{header}.{payload}.", token + "="]:
        answer = api("/api/me", forged)
        assert answer.status_code == 401 and 'error="invalid_token"' in answer.headers["www-authenticate"], answer.headers


TESTS = [
    code_with_authlib, code_with_a_confidential_client, a_wrong_verifier_or_none, refresh_with_authlib,
    code_and_refresh_with_requests_oauthlib, client_credentials, private_key_jwt, device, pushed_request, dpop, logout, forged_tokens,
]
failed = 0
for test in TESTS:
    try:
        test()
        print(f"ok      Authlib, requests-oauthlib, PyJWT: {test.__name__}")
    except Exception as error:
        import traceback

        failed += 1
        print(f"FAILED  Authlib, requests-oauthlib, PyJWT: {test.__name__}: {error!r}")
        traceback.print_exc(file=sys.stdout)
sys.exit(1 if failed else 0)
