// The Bookshop as an authorization server and a provider, asked by `openid-client` and `jose`, which are not ours.
//
// node client.mjs ISSUER
import assert from "node:assert/strict";
import * as oidc from "openid-client";
import * as jose from "jose";

const issuer = process.argv[2];
const REDIRECT = "http://127.0.0.1:5555/callback";
const KEYED = {
  kty: "EC", crv: "P-256", d: "wsUHOZboEJzAN2alTF5CKwrKaLm6krOE_omtiGpWSz8",
  x: "nIa0Muo9k9QuVO9oY5hByCXjCKx7Wmcz-sDQ7lFYELE", y: "FdHxIZt76I3F2E7SDDlON-Pzbmq_dPUoI8Gc3ri9RvI",
};

const discover = (id, auth) =>
  oidc.discovery(new URL(issuer), id, undefined, auth, { execute: [oidc.allowInsecureRequests] });
const app = await discover("app", oidc.None());
const web = await discover("web", oidc.ClientSecretBasic("the web's secret"));
const keys = jose.createRemoteJWKSet(new URL(app.serverMetadata().jwks_uri));

/** A browser without script: it keeps cookies, follows redirects within the shop, and sends the forms that it is shown. */
class Browser {
  cookies = new Map();

  async fetch(url, options = {}) {
    const cookie = [...this.cookies].map(([name, value]) => `${name}=${value}`).join("; ");
    const headers = { accept: "text/html", ...(cookie && { cookie }), ...options.headers };
    const answer = await fetch(url, { ...options, headers, redirect: "manual" });
    for (const line of answer.headers.getSetCookie()) {
      const [pair, ...attributes] = line.split(";");
      const at = pair.indexOf("=");
      const name = pair.slice(0, at);
      if (attributes.some((one) => one.trim().toLowerCase() === "max-age=0")) this.cookies.delete(name);
      else this.cookies.set(name, pair.slice(at + 1));
    }
    return answer;
  }

  /** The page or the foreign address that a visit ends at; `fill` has what the user types or presses, by the form's action. */
  async visit(url, fill, options) {
    let answer = await this.fetch(url, options);
    for (let steps = 0; steps < 12; steps += 1) {
      const location = answer.headers.get("location");
      if (location) {
        const next = new URL(location, url);
        if (next.origin !== issuer) return { location: next };
        url = next.href;
        answer = await this.fetch(url);
        continue;
      }
      const html = await answer.text();
      const forms = [...html.matchAll(/<form[^>]*>.*?<\/form>/gs)].map(([text]) => ({ text, action: attribute(text, "action") }));
      const form = forms.find(({ action }) => fill[action] !== undefined);
      if (!form) return { status: answer.status, html };
      const fields = new URLSearchParams();
      for (const [input] of form.text.matchAll(/<input[^>]*>/g)) {
        if (attribute(input, "name")) fields.set(attribute(input, "name"), attribute(input, "value") ?? "");
      }
      for (const [name, value] of Object.entries(fill[form.action])) fields.set(name, value);
      url = new URL(form.action, url).href;
      const method = attribute(form.text, "method");
      if (method === "get") {
        url += `?${fields}`;
        answer = await this.fetch(url);
      } else {
        answer = await this.fetch(url, { method: "POST", body: fields, headers: { "sec-fetch-site": "same-origin" } });
      }
    }
    throw new Error(`no end at ${url}`);
  }

  login(user) {
    return { login: user, password: `${user}'s password` };
  }
}

function attribute(tag, name) {
  const found = tag.match(new RegExp(`\\s${name}=(?:"([^"]*)"|([^\\s>]+))`));
  const value = found?.[1] ?? found?.[2];
  return value?.replace(/&(amp|lt|gt|quot|#34|#39|#x27|#x2F);/g, (_, name) => ({
    amp: "&", lt: "<", gt: ">", quot: '"', "#34": '"', "#39": "'", "#x27": "'", "#x2F": "/",
  })[name]);
}

/** The code flow with PKCE, state and nonce, up to the tokens. */
async function authorize({ config = app, user = "ada", scope = "openid profile email orders:read", browser = new Browser(), redirect = REDIRECT, pushed = false, dpop, more = {} } = {}) {
  const verifier = oidc.randomPKCECodeVerifier();
  const [state, nonce] = [oidc.randomState(), oidc.randomNonce()];
  const parameters = {
    redirect_uri: redirect, scope, state, nonce, code_challenge_method: "S256",
    code_challenge: await oidc.calculatePKCECodeChallenge(verifier), ...more,
  };
  const url = pushed
    ? await oidc.buildAuthorizationUrlWithPAR(config, parameters, { DPoP: dpop })
    : oidc.buildAuthorizationUrl(config, parameters);
  const { location, status, html } = await browser.visit(url.href, {
    "/login": browser.login(user), "/oauth/authorize": { decision: "approve" },
  });
  assert(location, `${status} ${html}`);
  assert.equal(location.searchParams.get("iss"), issuer);
  const checks = { pkceCodeVerifier: verifier, expectedState: state, expectedNonce: nonce, idTokenExpected: true };
  // The library takes the redirect URI from the address, without its query.
  const tokens = await oidc.authorizationCodeGrant(config, location, checks, { redirect_uri: redirect }, { DPoP: dpop });
  return { tokens, browser, location, verifier, state, nonce };
}

const api = (path, token, method = "GET", body) => fetch(issuer + path, {
  method, body: body && JSON.stringify(body),
  headers: { ...(token && { authorization: `Bearer ${token}` }), ...(body && { "content-type": "application/json" }) },
});

async function rejects(promise, code) {
  const error = await promise.then(() => assert.fail(`no ${code}`), (error) => error);
  // Where there is a challenge the library leaves the body to us.
  const found = error.error ?? (await error.response?.json?.())?.error ?? error.code;
  assert.equal(found, code, error);
}

const tests = {
  async "discovery is complete and the same at both places"() {
    const metadata = app.serverMetadata();
    for (const name of ["authorization", "token", "userinfo", "revocation", "introspection", "end_session", "pushed_authorization_request", "device_authorization"]) {
      assert(metadata[`${name}_endpoint`]?.startsWith(issuer), name);
    }
    const other = await (await fetch(`${issuer}/.well-known/oauth-authorization-server`)).json();
    assert.equal(other.token_endpoint, metadata.token_endpoint);
    const config = await oidc.discovery(new URL(issuer), "app", undefined, oidc.None(), { algorithm: "oauth2", execute: [oidc.allowInsecureRequests] });
    assert.equal(config.serverMetadata().issuer, issuer);
  },

  async "code with PKCE: the tokens are good, and say who and for what"() {
    const { tokens, location, nonce } = await authorize();
    assert.equal(tokens.token_type, "bearer");
    assert.equal(tokens.scope.split(" ").sort().join(" "), "email openid orders:read profile");
    assert(tokens.refresh_token && tokens.expires_in === 600);
    const id = await jose.jwtVerify(tokens.id_token, keys, { issuer, audience: "app", algorithms: ["RS256"] });
    assert.equal(id.payload.nonce, nonce);
    const access = await jose.jwtVerify(tokens.access_token, keys, { issuer, audience: issuer, typ: "at+jwt", requiredClaims: ["client_id", "jti", "iat", "sub"] });
    assert.equal(access.payload.client_id, "app");
    assert.equal(access.payload.sub, id.payload.sub);
    // A code is good once; its second use ends what came of the first.
    await rejects(oidc.authorizationCodeGrant(app, location, { pkceCodeVerifier: "x".repeat(43), expectedState: oidc.skipStateCheck, expectedNonce: nonce }), "invalid_grant");
    assert.equal((await api("/api/me", tokens.access_token)).status, 401);
  },

  async "without PKCE, with another redirect URI or verifier there are no tokens"() {
    const browser = new Browser();
    const url = (more) => oidc.buildAuthorizationUrl(app, { redirect_uri: REDIRECT, scope: "openid", state: "s", ...more }).href;
    const fill = { "/login": browser.login("ada"), "/oauth/authorize": { decision: "approve" } };
    const bare = await browser.visit(url({}), fill);
    assert.equal(bare.location.searchParams.get("error"), "invalid_request");
    const plain = await browser.visit(url({ code_challenge: "x".repeat(43), code_challenge_method: "plain" }), fill);
    assert.equal(plain.location.searchParams.get("error"), "invalid_request");
    const elsewhere = await browser.visit(url({ redirect_uri: "http://127.0.0.1:5555/other" }), fill);
    assert.equal(elsewhere.status, 400);
    const challenge = await oidc.calculatePKCECodeChallenge(oidc.randomPKCECodeVerifier());
    const { location } = await browser.visit(url({ code_challenge: challenge, code_challenge_method: "S256" }), fill);
    await rejects(oidc.authorizationCodeGrant(app, location, { pkceCodeVerifier: oidc.randomPKCECodeVerifier(), expectedState: "s" }), "invalid_grant");
  },

  async "who says no is sent back with access_denied"() {
    const browser = new Browser();
    const url = oidc.buildAuthorizationUrl(app, {
      redirect_uri: REDIRECT, scope: "openid", state: "s", prompt: "consent", code_challenge_method: "S256",
      code_challenge: await oidc.calculatePKCECodeChallenge(oidc.randomPKCECodeVerifier()),
    });
    const { location } = await browser.visit(url.href, { "/login": browser.login("ada"), "/oauth/authorize": { decision: "deny" } });
    assert.equal(location.searchParams.get("error"), "access_denied");
    assert.equal(location.searchParams.get("state"), "s");
  },

  async "a guarded route asks for the permission, and for the role behind it"() {
    const { tokens } = await authorize({ scope: "openid orders:read books:write" });
    const me = await (await api("/api/me", tokens.access_token)).json();
    assert.deepEqual([me.client, me.roles, me.permissions], ["app", ["customer"], ["orders:read"]]);
    assert.equal((await api("/api/orders", tokens.access_token)).status, 200);
    const order = { lines: [{ book: 1, copies: 1 }] };
    const refused = await api("/api/orders", tokens.access_token, "POST", order);
    assert.equal(refused.status, 403);
    assert.match(refused.headers.get("www-authenticate"), /^Bearer .*error="insufficient_scope".*scope="orders:write"/);
    assert.equal(refused.headers.get("content-type"), "application/problem+json");
    const book = { title: "Emma", author: "Jane Austen", published: 1815, price: 999 };
    assert.equal((await api("/api/books", tokens.access_token, "POST", book)).status, 403, "the scope has it, the role does not");
    const clerk = await authorize({ user: "carl", scope: "openid books:write" });
    assert.equal((await api("/api/books", clerk.tokens.access_token, "POST", book)).status, 201);
    const nobody = await api("/api/orders");
    assert.equal(nobody.status, 401);
    assert.match(nobody.headers.get("www-authenticate"), /^Bearer realm="[^"]+"$/);
    assert.equal((await api("/api/me", `${tokens.access_token}x`)).status, 401);
    assert.equal((await api("/api/me", tokens.id_token)).status, 401, "an ID token is no access token");
  },

  async "refresh: the token is replaced, a scope can be narrowed, and reuse ends the family"() {
    const { tokens } = await authorize();
    const second = await oidc.refreshTokenGrant(app, tokens.refresh_token);
    assert.notEqual(second.refresh_token, tokens.refresh_token);
    const again = await oidc.refreshTokenGrant(app, tokens.refresh_token);
    assert.equal(again.refresh_token, second.refresh_token, "a client that lost the answer gets the same");
    const narrow = await oidc.refreshTokenGrant(app, second.refresh_token, { scope: "openid" });
    assert.equal(narrow.scope, "openid");
    await rejects(oidc.refreshTokenGrant(app, narrow.refresh_token, { scope: "openid books:write" }), "invalid_scope");
    const third = await oidc.refreshTokenGrant(app, narrow.refresh_token);
    assert.equal((await api("/api/me", third.access_token)).status, 200);
    // After the retry window it is no lost answer any more.
    await new Promise((resolve) => setTimeout(resolve, 2100));
    await rejects(oidc.refreshTokenGrant(app, tokens.refresh_token), "invalid_grant");
    await rejects(oidc.refreshTokenGrant(app, third.refresh_token), "invalid_grant");
    assert.equal((await api("/api/me", third.access_token)).status, 401);
    await rejects(oidc.refreshTokenGrant(web, (await authorize()).tokens.refresh_token), "invalid_grant");
  },

  async "client credentials by every way of proving to be a client"() {
    const key = await jose.importJWK(KEYED, "ES256");
    for (const [id, auth] of [
      ["jobs:night", oidc.ClientSecretBasic("a+b c%2F:ü")],
      ["jobs:night", oidc.ClientSecretPost("a+b c%2F:ü")],
      ["keyed", oidc.PrivateKeyJwt({ key, kid: "keyed-1" })],
      ["keyed", oidc.PrivateKeyJwt(key)],
    ]) {
      const config = await discover(id, auth);
      const tokens = await oidc.clientCredentialsGrant(config, { scope: "orders:read" });
      assert.equal(tokens.refresh_token, undefined);
      const me = await (await api("/api/me", tokens.access_token)).json();
      assert.deepEqual([me.subject, me.roles, me.permissions], [id, null, ["orders:read"]]);
    }
    await rejects(oidc.clientCredentialsGrant(await discover("jobs:night", oidc.ClientSecretBasic("wrong"))), "invalid_client");
    const other = await crypto.subtle.generateKey({ name: "ECDSA", namedCurve: "P-256" }, true, ["sign", "verify"]);
    await rejects(oidc.clientCredentialsGrant(await discover("keyed", oidc.PrivateKeyJwt(other.privateKey))), "invalid_client");
    await rejects(oidc.clientCredentialsGrant(web), "unauthorized_client");
    await rejects(oidc.clientCredentialsGrant(await discover("keyed", oidc.PrivateKeyJwt(key)), { scope: "books:write" }), "invalid_scope");
  },

  async "pushed requests: known to nobody else, and good once"() {
    const { tokens } = await authorize({ pushed: true });
    assert.equal((await api("/api/me", tokens.access_token)).status, 200);
    const confidential = await authorize({ config: web, redirect: "http://127.0.0.1:4711/callback", pushed: true, scope: "openid orders:read" });
    assert.equal((await jose.jwtVerify(confidential.tokens.id_token, keys, { issuer, audience: "web" })).payload.aud, "web");
    await rejects(oidc.buildAuthorizationUrlWithPAR(app, { redirect_uri: "http://127.0.0.1:5555/other", scope: "openid" }), "invalid_request");
    const browser = new Browser();
    const url = oidc.buildAuthorizationUrl(app, { request_uri: "urn:ietf:params:oauth:request_uri:unknown" });
    assert.equal((await browser.visit(url.href, {})).status, 400);
  },

  async "devices: waiting, allowed, denied"() {
    const device = await oidc.initiateDeviceAuthorization(app, { scope: "openid orders:read" });
    assert(device.verification_uri.startsWith(issuer) && device.verification_uri_complete && device.interval >= 1);
    const browser = new Browser();
    const fill = { "/login": browser.login("ada"), "/oauth/device": { decision: "approve" } };
    const polling = oidc.pollDeviceAuthorizationGrant(app, device, undefined, { signal: AbortSignal.timeout(30_000) });
    const shown = await browser.visit(device.verification_uri_complete, fill);
    assert.equal(shown.status, 200, shown.html);
    const tokens = await polling;
    assert.equal((await (await api("/api/me", tokens.access_token)).json()).permissions[0], "orders:read");
    assert(tokens.id_token && tokens.refresh_token);
    const denied = await oidc.initiateDeviceAuthorization(app, { scope: "openid" });
    await browser.visit(denied.verification_uri_complete, { "/oauth/device": { decision: "deny" } });
    await rejects(oidc.pollDeviceAuthorizationGrant(app, denied, undefined, { signal: AbortSignal.timeout(30_000) }), "access_denied");
    const typed = await oidc.initiateDeviceAuthorization(app, { scope: "openid" });
    const asked = await browser.visit(typed.verification_uri, { "/oauth/device": { user_code: typed.user_code.toLowerCase().replaceAll("-", " "), decision: "approve" } });
    assert.equal(asked.status, 200, asked.html);
    await oidc.pollDeviceAuthorizationGrant(app, typed, undefined, { signal: AbortSignal.timeout(30_000) });
  },

  async "DPoP: the token is bound, at the shop's own routes as at userinfo"() {
    for (const pushed of [false, true]) {
      const pair = await oidc.randomDPoPKeyPair(pushed ? "PS256" : "ES256");
      const dpop = oidc.getDPoPHandle(app, pair);
      const { tokens } = await authorize({ dpop, pushed });
      assert.equal(tokens.token_type, "dpop");
      const access = await jose.jwtVerify(tokens.access_token, keys, { issuer, typ: "at+jwt" });
      assert.equal(access.payload.cnf.jkt, await jose.calculateJwkThumbprint(await jose.exportJWK(pair.publicKey)));
      const user = await oidc.fetchUserInfo(app, tokens.access_token, tokens.claims().sub, { DPoP: dpop });
      assert.equal(user.preferred_username, "ada");
      const me = await oidc.fetchProtectedResource(app, tokens.access_token, new URL(`${issuer}/api/me?x=1`), "GET", undefined, undefined, { DPoP: dpop });
      assert.equal(me.status, 200, await me.text());
      assert.equal((await api("/api/me", tokens.access_token)).status, 401, "a bound token is no bearer's");
      const other = oidc.getDPoPHandle(app, await oidc.randomDPoPKeyPair("ES256"));
      await assert.rejects(oidc.fetchProtectedResource(app, tokens.access_token, new URL(`${issuer}/api/me`), "GET", undefined, undefined, { DPoP: other }), (error) => {
        assert.equal(error.cause[0].scheme, "dpop", error);
        return true;
      });
      const fresh = await oidc.refreshTokenGrant(app, tokens.refresh_token, undefined, { DPoP: dpop });
      assert.equal(fresh.token_type, "dpop");
      await rejects(oidc.refreshTokenGrant(app, fresh.refresh_token, undefined, { DPoP: other }), "invalid_grant");
      const replayed = await oidc.fetchProtectedResource(app, fresh.access_token, new URL(`${issuer}/api/orders`), "GET", undefined, undefined, { DPoP: dpop });
      assert.equal(replayed.status, 200);
      const proof = await new jose.SignJWT({ htm: "GET", htu: `${issuer}/api/me`, jti: "same", ath: Buffer.from(await crypto.subtle.digest("SHA-256", Buffer.from(fresh.access_token))).toString("base64url") })
        .setProtectedHeader({ alg: pushed ? "PS256" : "ES256", typ: "dpop+jwt", jwk: await jose.exportJWK(pair.publicKey) }).setIssuedAt().sign(pair.privateKey);
      const once = () => fetch(`${issuer}/api/me`, { headers: { authorization: `DPoP ${fresh.access_token}`, dpop: proof } });
      assert.deepEqual([(await once()).status, (await once()).status], [200, 401], "a proof is good once");
    }
  },

  async "introspection: own tokens, and for a resource server all"() {
    const { tokens } = await authorize({ config: web, redirect: "http://127.0.0.1:4711/callback" });
    const own = await oidc.tokenIntrospection(web, tokens.access_token);
    assert.deepEqual([own.active, own.client_id, own.token_type, own.iss], [true, "web", "Bearer", issuer]);
    assert(own.exp > Date.now() / 1000 && own.sub && own.scope.includes("orders:read"));
    assert.equal((await oidc.tokenIntrospection(web, tokens.refresh_token)).active, true);
    const warehouse = await discover("warehouse", oidc.ClientSecretPost("warehouse-secret"));
    assert.equal((await oidc.tokenIntrospection(warehouse, tokens.access_token)).active, true);
    const stranger = await discover("service", oidc.ClientSecretPost("service-secret"));
    assert.deepEqual(await oidc.tokenIntrospection(stranger, tokens.access_token), { active: false });
    assert.deepEqual(await oidc.tokenIntrospection(web, "nonsense"), { active: false });
    await rejects(oidc.tokenIntrospection(app, tokens.access_token), "invalid_client");
  },

  async "revocation: at once, and of nobody else's tokens"() {
    const { tokens } = await authorize();
    await oidc.tokenRevocation(web, tokens.access_token).catch(() => {});
    assert.equal((await api("/api/me", tokens.access_token)).status, 200);
    await oidc.tokenRevocation(app, tokens.access_token);
    assert.equal((await api("/api/me", tokens.access_token)).status, 401);
    const other = await authorize();
    await oidc.tokenRevocation(app, other.tokens.refresh_token, { token_type_hint: "refresh_token" });
    await rejects(oidc.refreshTokenGrant(app, other.tokens.refresh_token), "invalid_grant");
    assert.equal((await api("/api/me", other.tokens.access_token)).status, 401);
    await oidc.tokenRevocation(app, "nonsense");
  },

  async "userinfo: as far as the scope goes"() {
    const { tokens } = await authorize();
    const user = await oidc.fetchUserInfo(app, tokens.access_token, tokens.claims().sub);
    assert.deepEqual([user.preferred_username, user.email], ["ada", "ada@shop.example"]);
    const narrow = await authorize({ scope: "openid" });
    const little = await oidc.fetchUserInfo(app, narrow.tokens.access_token, narrow.tokens.claims().sub);
    assert.deepEqual(Object.keys(little), ["sub"]);
    await assert.rejects(oidc.fetchUserInfo(app, "nonsense", oidc.skipSubjectCheck), (error) => {
      assert.equal(error.cause[0].scheme, "bearer", error);
      assert.equal(error.cause[0].parameters.error, "invalid_token", error);
      return true;
    });
  },

  async "prompt and max_age"() {
    const { browser } = await authorize();
    const silent = async (browser) => {
      const url = oidc.buildAuthorizationUrl(app, {
        redirect_uri: REDIRECT, scope: "openid", state: "s", prompt: "none", code_challenge_method: "S256",
        code_challenge: await oidc.calculatePKCECodeChallenge(oidc.randomPKCECodeVerifier()),
      });
      return (await browser.visit(url.href, {})).location.searchParams;
    };
    assert((await silent(browser)).get("code"));
    assert.equal((await silent(new Browser())).get("error"), "login_required");
    const before = (await authorize({ browser })).tokens.claims().auth_time;
    await new Promise((resolve) => setTimeout(resolve, 1100));
    const after = (await authorize({ browser, more: { prompt: "login" } })).tokens.claims().auth_time;
    assert(after > before, "the user has logged in anew");
    const fresh = await authorize({ browser, more: { max_age: "0" } });
    assert(fresh.tokens.claims().auth_time >= after);
  },

  async "RP-initiated logout ends the session and its tokens"() {
    const { tokens, browser } = await authorize();
    const url = oidc.buildEndSessionUrl(app, { id_token_hint: tokens.id_token, post_logout_redirect_uri: "http://127.0.0.1/bye", state: "bye" });
    const { location } = await browser.visit(url.href, {});
    assert.equal(location.href, "http://127.0.0.1/bye?state=bye");
    assert.equal((await api("/api/me", tokens.access_token)).status, 401);
    const page = await browser.visit(`${issuer}/account`, {});
    assert.match(page.html, /action="\/login"/);
    const elsewhere = await authorize();
    const bad = oidc.buildEndSessionUrl(app, { id_token_hint: elsewhere.tokens.id_token, post_logout_redirect_uri: "https://evil.example/" });
    assert.equal((await elsewhere.browser.visit(bad.href, {})).location, undefined);
  },
};

let failed = 0;
for (const [name, test] of Object.entries(tests)) {
  try {
    await test();
    console.log(`ok      openid-client: ${name}`);
  } catch (error) {
    failed += 1;
    console.log(`FAILED  openid-client: ${name}\n`, error);
  }
}
process.exit(failed === 0 ? 0 : 1);
