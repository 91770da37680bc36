import { once } from "node:events";
import type { AddressInfo } from "node:net";
import { text } from "node:stream/consumers";

import { SMTPServer } from "smtp-server";

/** A mail as it was taken. */
export interface TakenMail {
  readonly recipients: readonly string[];
  readonly raw: string;
}

/** A server of SMTP that keeps what it takes. */
export interface MailServer extends AsyncDisposable {
  readonly url: string;
  readonly mails: readonly TakenMail[];
}

/** Starts one at a free port of this machine; with a login, it wants that one. */
export async function startMailServer(login?: {
  readonly user: string;
  readonly password: string;
}): Promise<MailServer> {
  const mails: TakenMail[] = [];
  const server = new SMTPServer({
    authOptional: login === undefined,
    allowInsecureAuth: true,
    disabledCommands: ["STARTTLS"],
    onAuth: ({ username, password }, _session, done) => {
      const isRight = username === login?.user && password === login?.password;
      if (isRight) done(null, { user: username });
      else done(new Error(`${password} is wrong`));
    },
    onData: (stream, { envelope }, done) => {
      const take = async (): Promise<void> => {
        const raw = await text(stream);
        mails.push({ recipients: envelope.rcptTo.map(({ address }) => address), raw });
        done();
      };
      void take();
    },
  });
  server.listen(0, "127.0.0.1");
  await once(server.server, "listening");
  const { port } = server.server.address() as AddressInfo;
  return {
    url: `smtp://127.0.0.1:${port}`,
    mails,
    async [Symbol.asyncDispose]() {
      await new Promise<void>((resolve) => server.close(() => resolve()));
    },
  };
}
