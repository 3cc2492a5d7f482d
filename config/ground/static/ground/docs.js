"use strict";

const doors = document.getElementById("doors");

SwaggerUIBundle({
  url: doors.dataset.document,
  domNode: doors,
  deepLinking: true,
  persistAuthorization: false,
  filter: true,
  docExpansion: "none",
  validatorUrl: null,
});
