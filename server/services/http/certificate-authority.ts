/**
 * @file A certificate authority for one household or shop: made once, kept in the data folder, bound by name constraints to private
 * addresses and local names, so that its key, if stolen, vouches for no site of the internet.
 */
import 'reflect-metadata'; // @peculiar/x509 needs it before its first import.
import { createHash, webcrypto } from 'node:crypto';
import { chmodSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { isIP } from 'node:net';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { AsnConvert } from '@peculiar/asn1-schema';
import { GeneralName, GeneralSubtree, GeneralSubtrees, NameConstraints, id_ce_nameConstraints } from '@peculiar/asn1-x509';
import * as x509 from '@peculiar/x509';
import { isPermittedAddress } from './lan-addresses.ts';

const ALGORITHM = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' } as const;
const DAY_MS = 86_400_000;
const AUTHORITY_DAYS = 3650;
/** Apple's systems refuse longer ones; re-issued in time by itself. */
const LEAF_DAYS = 397;
const RENEW_BEFORE_DAYS = 30;

/** Addresses that the authority may vouch for: RFC 1918, shared (RFC 6598), link-local, loopback; IPv6 unique local, link-local, loopback. */
const PERMITTED_RANGES = [
  '10.0.0.0/8',
  '172.16.0.0/12',
  '192.168.0.0/16',
  '100.64.0.0/10',
  '169.254.0.0/16',
  '127.0.0.0/8',
  'fc00::/7',
  'fe80::/10',
  '::1/128',
];
/** Names: mDNS, routers' usual suffixes, this machine. A name permits what is below it. */
const PERMITTED_NAMES = ['local', 'localhost', 'lan', 'home', 'internal', 'home.arpa'];

/** PEM texts for an HTTPS server, and the authority for phones to trust. */
export interface LanCertificates {
  readonly key: string;
  /** Leaf, then authority. */
  readonly cert: string;
  readonly authorityPem: string;
  readonly authorityDer: Buffer;
  /** SHA-256 of the DER, `AB:CD:…`. */
  readonly fingerprint: string;
  /** When the leaf must be replaced (ms since 1970). */
  readonly renewAtMs: number;
}

/**
 * Certificates for this machine under `addresses`. The authority is made on first use and kept; the leaf is re-issued when the addresses
 * or names changed or it nears its end.
 * @param addresses IP addresses; those outside the private ranges are left out.
 */
export async function lanCertificates(dataFolder: string, addresses: readonly string[]): Promise<LanCertificates> {
  const folder = join(dataFolder, 'tls');
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  chmodSync(folder, 0o700);
  const authority = (await loadPair(folder, 'authority')) ?? (await makeAuthority(folder));
  const names = [...leafNames(), ...new Set(addresses.filter(isPermittedAddress))];
  const stored = await loadPair(folder, 'server');
  const leaf =
    stored !== null && (await isUsable(stored.certificate, authority.certificate, names))
      ? stored
      : await issueLeaf(folder, authority, names);
  const authorityDer = Buffer.from(authority.certificate.rawData);
  return {
    key: leaf.keyPem,
    cert: `${leaf.certificate.toString('pem')}\n${authority.certificate.toString('pem')}\n`,
    authorityPem: `${authority.certificate.toString('pem')}\n`,
    authorityDer,
    fingerprint: createHash('sha256')
      .update(authorityDer)
      .digest('hex')
      .toUpperCase()
      .replace(/(..)(?=.)/g, '$1:'),
    renewAtMs: leaf.certificate.notAfter.getTime() - RENEW_BEFORE_DAYS * DAY_MS,
  };
}

interface Pair {
  readonly certificate: x509.X509Certificate;
  readonly keyPem: string;
}

/** DNS names and loopback addresses of every leaf. */
function leafNames(): string[] {
  const name = machineName();
  return ['localhost', ...(name === 'localhost' ? [] : [name, `${name}.local`]), '127.0.0.1', '::1'];
}

/** First label of the host name, as far as it is a valid DNS label. */
function machineName(): string {
  const label = hostname().toLowerCase().split('.')[0] ?? '';
  return /^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/.test(label) ? label : 'localhost';
}

async function loadPair(folder: string, name: string): Promise<Pair | null> {
  let certPem: string;
  let keyPem: string;
  try {
    certPem = readFileSync(join(folder, `${name}.crt`), 'utf8');
    keyPem = readFileSync(join(folder, `${name}.key`), 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
    throw error;
  }
  const certificate = new x509.X509Certificate(certPem);
  await importKey(keyPem);
  return { certificate, keyPem };
}

async function makeAuthority(folder: string): Promise<Pair> {
  const keys = await webcrypto.subtle.generateKey(ALGORITHM, true, ['sign', 'verify']);
  const serialNumber = serial();
  const constraints = new NameConstraints({
    permittedSubtrees: new GeneralSubtrees([
      ...[...PERMITTED_NAMES, machineName()].map((dNSName) => new GeneralSubtree({ base: new GeneralName({ dNSName }) })),
      ...PERMITTED_RANGES.map((iPAddress) => new GeneralSubtree({ base: new GeneralName({ iPAddress }) })),
    ]),
  });
  const certificate = await x509.X509CertificateGenerator.createSelfSigned(
    {
      serialNumber,
      // A part of the serial number in the name: phones list authorities by name, and two machines may each have one.
      name: `CN=Mekiki local authority ${serialNumber.slice(2, 8)}, O=Mekiki on ${machineName()}`,
      notBefore: new Date(Date.now() - DAY_MS),
      notAfter: new Date(Date.now() + AUTHORITY_DAYS * DAY_MS),
      signingAlgorithm: ALGORITHM,
      keys,
      extensions: [
        new x509.BasicConstraintsExtension(true, 0, true),
        new x509.KeyUsagesExtension(x509.KeyUsageFlags.keyCertSign | x509.KeyUsageFlags.cRLSign, true),
        new x509.Extension(id_ce_nameConstraints, true, AsnConvert.serialize(constraints)),
        await x509.SubjectKeyIdentifierExtension.create(keys.publicKey),
      ],
    },
    webcrypto as Crypto,
  );
  return storePair(folder, 'authority', certificate, keys.privateKey);
}

async function issueLeaf(folder: string, authority: Pair, names: readonly string[]): Promise<Pair> {
  const keys = await webcrypto.subtle.generateKey(ALGORITHM, true, ['sign', 'verify']);
  const certificate = await x509.X509CertificateGenerator.create(
    {
      serialNumber: serial(),
      subject: `CN=Mekiki on ${machineName()}`,
      issuer: authority.certificate.subject,
      notBefore: new Date(Date.now() - DAY_MS),
      notAfter: new Date(Date.now() + (LEAF_DAYS - 1) * DAY_MS),
      signingAlgorithm: ALGORITHM,
      publicKey: keys.publicKey,
      signingKey: await importKey(authority.keyPem),
      extensions: [
        new x509.BasicConstraintsExtension(false, undefined, true),
        new x509.KeyUsagesExtension(x509.KeyUsageFlags.digitalSignature, true),
        new x509.ExtendedKeyUsageExtension([x509.ExtendedKeyUsage.serverAuth]),
        new x509.SubjectAlternativeNameExtension(names.map((value) => ({ type: isIP(value) === 0 ? 'dns' : 'ip', value }) as const)),
        await x509.AuthorityKeyIdentifierExtension.create(authority.certificate.publicKey, false, webcrypto as Crypto),
        await x509.SubjectKeyIdentifierExtension.create(keys.publicKey, false, webcrypto as Crypto),
      ],
    },
    webcrypto as Crypto,
  );
  return storePair(folder, 'server', certificate, keys.privateKey);
}

async function isUsable(leaf: x509.X509Certificate, authority: x509.X509Certificate, names: readonly string[]): Promise<boolean> {
  if (leaf.notAfter.getTime() - RENEW_BEFORE_DAYS * DAY_MS < Date.now()) return false;
  if (!(await leaf.verify({ publicKey: authority.publicKey, signatureOnly: true }, webcrypto as Crypto))) return false;
  const extension = leaf.getExtension(x509.SubjectAlternativeNameExtension);
  const held = new Set(extension?.names.items.map(({ value }) => comparable(value)));
  return names.length === held.size && names.every((name) => held.has(comparable(name)));
}

/** One spelling of an IPv6 address. */
function comparable(name: string): string {
  return isIP(name) === 6 ? new URL(`http://[${name}]/`).hostname : name;
}

async function storePair(folder: string, name: string, certificate: x509.X509Certificate, privateKey: webcrypto.CryptoKey): Promise<Pair> {
  const pkcs8 = await webcrypto.subtle.exportKey('pkcs8', privateKey);
  const keyPem = `${x509.PemConverter.encode(pkcs8, 'PRIVATE KEY')}\n`;
  // The key first: a certificate is only ever there with its key.
  writeWhole(join(folder, `${name}.key`), keyPem, 0o600);
  writeWhole(join(folder, `${name}.crt`), `${certificate.toString('pem')}\n`, 0o644);
  return { certificate, keyPem };
}

function writeWhole(path: string, text: string, mode: number): void {
  writeFileSync(`${path}.new`, text, { mode, flush: true });
  chmodSync(`${path}.new`, mode);
  renameSync(`${path}.new`, path);
}

async function importKey(pem: string): Promise<webcrypto.CryptoKey> {
  return webcrypto.subtle.importKey('pkcs8', x509.PemConverter.decodeFirst(pem), ALGORITHM, false, ['sign']);
}

/** 16 random bytes, positive. */
function serial(): string {
  const bytes = Buffer.from(webcrypto.getRandomValues(new Uint8Array(16)));
  bytes[0] = (bytes[0]! & 0x7f) | 0x40;
  return bytes.toString('hex');
}
