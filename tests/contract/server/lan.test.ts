/** @file LAN mode: the own certificate authority, the trust page, and the process itself. */
import { X509Certificate } from 'node:crypto';
import { readFileSync, rmSync, statSync } from 'node:fs';
import { request } from 'node:https';
import { join } from 'node:path';
import { createServer, type Server } from 'node:https';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { buildTrustApp } from '../../../server/routes/trust.ts';
import { lanCertificates, type LanCertificates } from '../../../server/services/http/certificate-authority.ts';
import { isPermittedAddress } from '../../../server/services/http/lan-addresses.ts';
import { startServer } from './server-process.ts';
import { removeFolders, startApp, temporaryFolder, testConfig } from './test-server.ts';

afterAll(removeFolders);

/** GET over TLS, trusting only `ca`. @returns status, or the TLS error's code. */
function get(
  port: number,
  host: string,
  ca: string | undefined,
  path = '/',
  servername = host,
): Promise<{ status?: number; error?: string; headers?: Record<string, unknown> }> {
  return new Promise((resolve) => {
    const call = request(
      {
        host: '127.0.0.1',
        port,
        path,
        ...(ca === undefined ? {} : { ca }),
        servername: /^[\d.]+$/.test(servername) ? '' : servername,
        headers: { host },
      },
      (answer) => {
        answer.resume();
        answer.on('end', () => resolve({ status: answer.statusCode ?? 0, headers: answer.headers }));
      },
    );
    call.on('error', (error: NodeJS.ErrnoException) => resolve({ error: `${error.code ?? ''} ${error.message}` }));
    call.end();
  });
}

function serve(certificates: LanCertificates): Promise<{ server: Server; port: number }> {
  const server = createServer({ key: certificates.key, cert: certificates.cert }, (_request, response) => response.end('ok'));
  return new Promise((resolve) =>
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      resolve({ server, port: typeof address === 'object' && address !== null ? address.port : 0 });
    }),
  );
}

describe('the certificate authority', () => {
  it('is trusted by a client that has it, for the names and addresses of the machine only', async () => {
    const certificates = await lanCertificates(temporaryFolder(), ['192.168.7.8', '203.0.113.9']);
    const { server, port } = await serve(certificates);
    expect(await get(port, 'localhost', certificates.authorityPem)).toMatchObject({ status: 200 });
    expect(await get(port, '127.0.0.1', certificates.authorityPem)).toMatchObject({ status: 200 });
    expect(await get(port, 'localhost', undefined)).toHaveProperty('error');
    expect((await get(port, 'example.com', certificates.authorityPem)).error).toContain('ERR_TLS_CERT_ALTNAME_INVALID');
    const other = await lanCertificates(temporaryFolder(), []);
    expect(await get(port, 'localhost', other.authorityPem)).toHaveProperty('error');
    server.close();

    const [leafPem, authorityPem] = certificates.cert.split(/(?<=-----END CERTIFICATE-----)\s*/);
    const leaf = new X509Certificate(leafPem!);
    const authority = new X509Certificate(authorityPem!);
    expect(leaf.checkIssued(authority)).toBe(true);
    expect(leaf.verify(authority.publicKey)).toBe(true);
    expect(authority.ca).toBe(true);
    expect(leaf.ca).toBe(false);
    expect(leaf.subjectAltName).toContain('IP Address:192.168.7.8');
    // A public address is not vouched for.
    expect(leaf.subjectAltName).not.toContain('203.0.113.9');
    expect(certificates.fingerprint).toBe(authority.fingerprint256);
    const days = (Date.parse(leaf.validTo) - Date.parse(leaf.validFrom)) / 86_400_000;
    expect(days).toBeLessThanOrEqual(398);
  });

  it('cannot vouch for a site of the internet, even with its key', async () => {
    const folder = temporaryFolder();
    await lanCertificates(folder, []);
    // Sign with the stored key what its owner never would.
    const x509 = await import('@peculiar/x509');
    const algorithm = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' };
    const authority = new x509.X509Certificate(readFileSync(join(folder, 'tls', 'authority.crt'), 'utf8'));
    const signingKey = await crypto.subtle.importKey(
      'pkcs8',
      x509.PemConverter.decodeFirst(readFileSync(join(folder, 'tls', 'authority.key'), 'utf8')),
      algorithm,
      false,
      ['sign'],
    );
    const forge = async (name: { type: 'dns' | 'ip'; value: string }): Promise<LanCertificates> => {
      const keys = await crypto.subtle.generateKey(algorithm, true, ['sign', 'verify']);
      const leaf = await x509.X509CertificateGenerator.create({
        subject: 'CN=forged',
        issuer: authority.subject,
        notBefore: new Date(Date.now() - 1000),
        notAfter: new Date(Date.now() + 1e8),
        signingAlgorithm: algorithm,
        publicKey: keys.publicKey,
        signingKey,
        extensions: [new x509.SubjectAlternativeNameExtension([name])],
      });
      const key = x509.PemConverter.encode(await crypto.subtle.exportKey('pkcs8', keys.privateKey), 'PRIVATE KEY');
      return { key, cert: leaf.toString('pem') } as LanCertificates;
    };
    const ca = readFileSync(join(folder, 'tls', 'authority.crt'), 'utf8');
    for (const [name, host, wanted] of [
      [{ type: 'dns', value: 'bank.example' }, 'bank.example', 'PERMITTED_SUBTREE_VIOLATION'],
      [{ type: 'dns', value: 'notlocal' }, 'notlocal', 'PERMITTED_SUBTREE_VIOLATION'],
      [{ type: 'ip', value: '203.0.113.9' }, '203.0.113.9', 'PERMITTED_SUBTREE_VIOLATION'],
      [{ type: 'dns', value: 'till.local' }, 'till.local', undefined],
    ] as const) {
      const { server, port } = await serve(await forge(name));
      const answer = await get(port, host, ca);
      if (wanted === undefined) expect(answer.status).toBe(200);
      else expect(answer.error ?? '').toMatch(/PERMITTED_?SUBTREE|permitted subtree/i);
      server.close();
    }
  });

  it('is kept over restarts; the leaf is replaced only when the addresses change', async () => {
    const folder = temporaryFolder();
    const first = await lanCertificates(folder, ['192.168.7.8', 'fd00::12']);
    const again = await lanCertificates(folder, ['192.168.7.8', 'fd00:0:0::12']);
    expect(again.cert).toBe(first.cert);
    const moved = await lanCertificates(folder, ['10.1.2.3']);
    expect(moved.fingerprint).toBe(first.fingerprint);
    expect(moved.cert).not.toBe(first.cert);
    for (const name of ['authority.key', 'server.key']) expect(statSync(join(folder, 'tls', name)).mode & 0o777).toBe(0o600);
    rmSync(join(folder, 'tls', 'server.key'));
    expect((await lanCertificates(folder, ['10.1.2.3'])).fingerprint).toBe(first.fingerprint);
  });

  it.each([
    ['192.168.0.1', true],
    ['10.255.0.1', true],
    ['172.16.0.1', true],
    ['172.32.0.1', false],
    ['100.64.0.1', true],
    ['100.128.0.1', false],
    ['8.8.8.8', false],
    ['fd12::1', true],
    ['fe80::1', true],
    ['2001:db8::1', false],
    ['::1', true],
  ])('vouches for %s: %s', (address, isPermitted) => {
    expect(isPermittedAddress(address)).toBe(isPermitted);
  });
});

describe('the trust page', () => {
  let certificates: LanCertificates;
  let page: Awaited<ReturnType<typeof buildTrustApp>>;
  beforeAll(async () => {
    certificates = await lanCertificates(temporaryFolder(), []);
    page = await buildTrustApp({ config: testConfig({ isLan: true }), certificates: () => certificates, appPort: 8787 });
  });
  afterAll(() => page.close());
  const open = (url: string, headers: Record<string, string> = { host: '192.168.7.8:8788' }) => page.inject({ url, headers });

  it('shows the fingerprint, the steps in both languages, and the way on', async () => {
    const answer = await open('/trust');
    expect(answer.statusCode).toBe(200);
    expect(answer.body).toContain(certificates.fingerprint);
    expect(answer.body).toContain('https://192.168.7.8:8787/');
    expect(answer.body).toContain('data:image/png;base64,');
    for (const text of ['Certificate Trust Settings', '証明書信頼設定', 'CA certificate', 'CA 証明書', 'Windows', 'macOS'])
      expect(answer.body).toContain(text);
    expect(answer.body).not.toContain('{{');
    expect(answer.headers['content-security-policy']).toContain("connect-src 'self' https://192.168.7.8:8787;");
    expect(answer.headers['content-security-policy']).not.toContain('unsafe-inline');
  });

  it('gives the authority as a certificate and as an Apple profile, never its key', async () => {
    const crt = await open('/trust/mekiki-authority.crt');
    expect(crt.headers['content-type']).toBe('application/x-x509-ca-cert');
    expect(new X509Certificate(crt.rawPayload).fingerprint256).toBe(certificates.fingerprint);
    const profile = await open('/trust/mekiki-authority.mobileconfig');
    expect(profile.headers['content-type']).toBe('application/x-apple-aspen-config');
    const [, data = ''] = /<data>([^<]+)<\/data>/.exec(profile.body) ?? [];
    expect(new X509Certificate(Buffer.from(data, 'base64')).fingerprint256).toBe(certificates.fingerprint);
    for (const { body } of [crt, profile, await open('/trust')]) expect(body).not.toContain('PRIVATE KEY');
  });

  it('serves nothing else and answers to no foreign name', async () => {
    expect((await open('/')).headers.location).toBe('/trust');
    for (const url of ['/v1/health', '/index.html', '/trust/../../package.json', '/trust/authority.key'])
      expect((await open(url)).statusCode).toBe(404);
    expect((await open('/trust', { host: 'evil.example"><script>' })).statusCode).toBe(421);
    expect((await page.inject({ method: 'POST', url: '/trust', payload: {} })).statusCode).toBeGreaterThanOrEqual(404);
  });

  it('can be told by the application whether the device trusts it', async () => {
    const app = await startApp({ isLan: true });
    const answer = await app.http.inject({ url: '/trust/check', headers: { origin: 'http://192.168.7.8:8788' } });
    expect(answer.json()).toEqual({ trusted: true });
    expect(answer.headers['access-control-allow-origin']).toBe('*');
    expect(answer.headers['cross-origin-resource-policy']).toBe('cross-origin');
    await app.http.close();
  });
});

describe('the process', () => {
  it('serves HTTPS with --lan, tells the fingerprint, and keeps the authority', { timeout: 120_000 }, async () => {
    const folder = temporaryFolder();
    const args = ['--lan', '--data', folder, '--no-demo', '--port', '0', '--trust-port', '0'];
    const first = await startServer(args);
    const ca = readFileSync(join(folder, 'tls', 'authority.crt'), 'utf8');
    const port = Number(new URL(first.url).port);
    const health = await get(port, 'localhost', ca, '/v1/health');
    expect(health.status).toBe(200);
    expect(health.headers).toMatchObject({ 'cross-origin-opener-policy': 'same-origin' });
    expect((await get(port, 'localhost', undefined, '/v1/health')).status).toBeUndefined();
    expect((await first.stop('SIGTERM')).code).toBe(0);
    expect(first.output()).toContain(new X509Certificate(ca).fingerprint256);
    expect(first.output()).toMatch(/http:\/\/.+:\d+\/trust/);

    const second = await startServer(args);
    expect(readFileSync(join(folder, 'tls', 'authority.crt'), 'utf8')).toBe(ca);
    expect((await get(Number(new URL(second.url).port), 'localhost', ca, '/v1/health')).status).toBe(200);
    await second.stop('SIGTERM');
  });

  it('takes the next port when its own is taken, but not when it was told which', { timeout: 120_000 }, async () => {
    const first = await startServer(['--data', temporaryFolder(), '--no-demo'], { MEKIKI_PORT: '' });
    const port = new URL(first.url).port;
    await expect(startServer(['--data', temporaryFolder(), '--no-demo', '--port', port])).rejects.toThrow(/taken by another program/);
    const second = await startServer(['--data', temporaryFolder(), '--no-demo'], { MEKIKI_PORT: '' });
    expect(new URL(second.url).port).not.toBe(port);
    await first.stop('SIGTERM');
    await second.stop('SIGTERM');
  });

  it('says which setting is wrong', { timeout: 60_000 }, async () => {
    await expect(startServer(['--port', 'eighty'])).rejects.toThrow(/port/);
    await expect(startServer(['--nonsense'])).rejects.toThrow(/nonsense/);
  });
});
