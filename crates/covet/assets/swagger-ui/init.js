// Starts Swagger UI. This is a file of its own, because the page's content security policy allows
// no script inside the page.
"use strict";

const here = document.currentScript.src;

document.addEventListener("DOMContentLoaded", () => {
  const root = document.getElementById("swagger-ui");
  const ui = SwaggerUIBundle({
    domNode: root,
    // Resolved against the page, so that an app under a prefix finds its own document.
    url: new URL(root.dataset.openapi, document.baseURI).href,
    oauth2RedirectUrl: new URL("oauth2-redirect.html", here).href,
    presets: [SwaggerUIBundle.presets.apis],
    layout: "BaseLayout",
    deepLinking: true,
    displayRequestDuration: true,
    tryItOutEnabled: true,
    // The default would send the document's address to a service elsewhere.
    validatorUrl: null,
  });
  ui.initOAuth({ clientId: root.dataset.client || undefined, usePkceWithAuthorizationCodeGrant: true });
});
