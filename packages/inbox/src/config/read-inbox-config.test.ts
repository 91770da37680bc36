import { describe, expect, it } from "vitest";

import { readInboxConfig } from "./read-inbox-config.ts";

const openid = { issuer: "https://login.example.com", clientId: "inbox" };
const proxy = { peers: ["10.0.0.7"], userHeader: "x-forwarded-user", issuer: "https://proxy.example.com" };

describe("readInboxConfig", () => {
  it("takes how people log in from the file, and secrets from the environment", () => {
    const environment = { HOLDPOINT_INBOX_SECRET: "s".repeat(32), HOLDPOINT_INBOX_LINK_KEYS: " new  old\n" };
    const rules = { administrators: ["admins"], labels: { "team=billing": { answer: ["billing"] }, "region=*": {} } };
    expect(readInboxConfig({ url: "https://inbox.example.com/", port: 80, rules, openid }, environment)).toMatchObject({
      url: "https://inbox.example.com/",
      port: 80,
      rules,
      authentication: { kind: "openid" },
      secret: "s".repeat(32),
      linkKeys: ["new", "old"],
    });
    expect(readInboxConfig({ proxy }, {})).toMatchObject({ authentication: { kind: "proxy" } });
    expect(readInboxConfig({}, { HOLDPOINT_INBOX_SECRET: "", HOLDPOINT_INBOX_LINK_KEYS: " " })).toEqual({});
  });

  it("takes who is told from the file, and what is secret of it from the environment", () => {
    const environment = {
      BILLING_SLACK_URL: "https://hooks.slack.com/services/T0/B0/x",
      HOLDPOINT_INBOX_SMTP: "smtps://inbox:hunter2@mail.example.com",
      AUDIT_SECRET: `whsec_${"A".repeat(32)}`,
    };
    const targets = [
      { name: "billing", slack: { urlFrom: "BILLING_SLACK_URL" }, labels: ["team=billing"] },
      { name: "ada", mail: { from: "inbox@example.com", to: "ada@example.com", signedLinks: "answer" } },
      {
        name: "audit",
        webhook: { url: "https://audit.example.com/", secretFrom: "AUDIT_SECRET" },
        notices: ["decided"],
      },
    ];
    const { notices } = readInboxConfig({ notices: { remindBeforeMs: 1, targets } }, environment);
    expect(notices).toMatchObject({
      remindBeforeMs: 1,
      targets: [
        { name: "billing", labels: ["team=billing"] },
        { name: "ada", link: { person: "ada@example.com", right: "answer" } },
        { name: "audit", notices: ["decided"] },
      ],
    });
    expect(JSON.stringify(notices)).not.toMatch(/hunter2|services|whsec/u);
    expect(() => readInboxConfig({ notices: { targets } }, { ...environment, AUDIT_SECRET: " " })).toThrow(
      'The target "audit" needs AUDIT_SECRET in the environment.',
    );
  });

  it("takes which programs are called from the file, and what signs that from the environment", () => {
    const webhook = { url: "http://billing.internal/", secretFrom: "BILLING_SECRET", privateAddresses: ["10.0.0.0/8"] };
    const targets = [{ name: "billing", labels: ["team=billing"], groups: ["billing"], webhook }];
    const { couriers, via } = readInboxConfig(
      { couriers: { giveUpAfterMs: 1, targets }, via: "http://asya-gateway/a2a/" },
      { BILLING_SECRET: `whsec_${"A".repeat(32)}` },
    );
    expect(couriers).toMatchObject({
      giveUpAfterMs: 1,
      couriers: [{ name: "billing", labels: ["team=billing"], groups: ["billing"] }],
    });
    expect(JSON.stringify(couriers)).not.toMatch(/whsec/u);
    expect(via).toBe("http://asya-gateway/a2a/");
  });

  it.each([
    [{ opendi: openid }, "opendi: there is no such setting."],
    [{ openid: { ...openid, clientSecret: "hunter2" } }, "openid.clientSecret: there is no such setting."],
    [{ openid: { issuer: "http://login.example.com", clientId: "inbox" } }, "issuer: expected an address"],
    [{ openid, proxy }, "openid and proxy are both given"],
    [{ port: "80" }, "port: expected a port."],
    [{ rules: { administrators: ["a"], labels: { team: {} } } }, "rules.labels.team: expected a label, such as"],
    [{ rules: { administrators: ["a"], labels: { "team=x": { answers: [] } } } }, "answers: there is no such setting."],
    [{ apiTokens: [{ digest: "hunter2", person: "a", scopes: [] }] }, "apiTokens.0.digest: expected sha256:"],
    [
      { apiTokens: [{ digest: `sha256:${"0".repeat(64)}`, person: "a", scopes: ["all"] }] },
      "apiTokens.0.scopes.0: expected",
    ],
    [{ notices: { targets: [{ name: "a" }] } }, 'The target "a": expected one of slack, mail and webhook.'],
    [
      { notices: { targets: [{ name: "a", slack: { urlFrom: "A", url: "x" } }] } },
      "notices.targets.0.slack.url: there is no such",
    ],
    [
      { notices: { targets: [{ name: "a", notices: ["all"] }] } },
      "notices.targets.0.notices.0: expected one of opened",
    ],
    [{ notices: { targets: [] } }, "notices.targets: expected at least one target."],
    [{ couriers: {} }, "couriers.targets: it is needed."],
    [{ couriers: { targets: [] } }, "couriers.targets: expected at least one target."],
    [{ couriers: { targets: [{ name: "a" }] } }, "couriers.targets.0.webhook: it is needed."],
    [{ couriers: { targets: [{ name: "a", webhook: { url: "x" } }] } }, "webhook.secretFrom: it is needed."],
    [
      { couriers: { targets: [{ name: "a", webhook: { url: "https://a.example", secretFrom: "A" } }] } },
      'The target "a" needs A in the environment.',
    ],
    [
      { couriers: { targets: [{ name: "a", webhook: { url: "https://a.example", secret: "hunter2" } }] } },
      "webhook.secretFrom: it is needed.",
    ],
    [{ couriers: { targets: [{ name: "a", webhook: "https://a.example" }] } }, "webhook: expected an object."],
    [[], "The configuration: "],
    [null, "The configuration: "],
  ])("says what is wrong with %j", (value, says) => {
    expect(() => readInboxConfig(value, {})).toThrow(says);
  });
});
