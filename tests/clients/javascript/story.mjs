// What a program in JavaScript does with a cluster. Run by test_client_node.py, with KUBECONFIG and NAMESPACE set.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import net from 'node:net';
import { PassThrough, Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { before, test } from 'node:test';

import * as k8s from '@kubernetes/client-node';

const namespace = process.env.NAMESPACE;
const config = new k8s.KubeConfig();
config.loadFromDefault();
const core = config.makeApiClient(k8s.CoreV1Api);
const apps = config.makeApiClient(k8s.AppsV1Api);
const objects = k8s.KubernetesObjectApi.makeApiClient(config);

/** Watch until `holds` says so of an event. */
async function watched(path, query, holds) {
  const watch = new k8s.Watch(config);
  await new Promise((resolve, reject) => {
    const watching = watch.watch(
      path,
      query,
      async (type, object) => {
        if (!holds(type, object)) return;
        resolve();
        (await watching).abort();
      },
      (error) => (error && error.name !== 'AbortError' ? reject(error) : resolve()),
    );
  });
}

const isReady = (pod) => pod.status?.conditions?.some((c) => c.type === 'Ready' && c.status === 'True');

before(async () => {
  for (const manifest of k8s.loadAllYaml(readFileSync(new URL('../web.yaml', import.meta.url), 'utf8'))) {
    manifest.metadata.namespace = namespace;
    await objects.create(manifest);
  }
  await watched(`/api/v1/namespaces/${namespace}/pods`, { labelSelector: 'app=web' }, (_, pod) => isReady(pod));
});

test('a set is scaled, and its pods are found', async () => {
  await apps.patchNamespacedStatefulSetScale(
    { name: 'web', namespace, body: [{ op: 'replace', path: '/spec/replicas', value: 2 }] },
    k8s.setHeaderOptions('Content-Type', k8s.PatchStrategy.JsonPatch),
  );
  await watched(
    `/api/v1/namespaces/${namespace}/pods`,
    { labelSelector: 'app=web' },
    (_, pod) => pod.metadata.name === 'web-1' && isReady(pod),
  );
  const pods = await core.listNamespacedPod({ namespace, labelSelector: 'app=web' });
  assert.deepEqual(pods.items.map((pod) => pod.metadata.name), ['web-0', 'web-1']);
});

test('an informer tells what comes, changes and goes', async () => {
  const informer = k8s.makeInformer(
    config,
    `/api/v1/namespaces/${namespace}/configmaps`,
    () => core.listNamespacedConfigMap({ namespace }),
  );
  const seen = [];
  const gone = new Promise((resolve) => {
    for (const verb of ['add', 'update', 'delete']) {
      informer.on(verb, (found) => {
        if (found.metadata.name !== 'watched') return;
        seen.push(`${verb} ${found.data.colour}`);
        if (verb === 'delete') resolve();
      });
    }
  });
  await informer.start();
  await core.createNamespacedConfigMap({ namespace, body: { metadata: { name: 'watched' }, data: { colour: 'blue' } } });
  await core.patchNamespacedConfigMap(
    { name: 'watched', namespace, body: { data: { colour: 'red' } } },
    k8s.setHeaderOptions('Content-Type', k8s.PatchStrategy.StrategicMergePatch),
  );
  await core.deleteNamespacedConfigMap({ name: 'watched', namespace });
  await gone;
  await informer.stop();
  assert.deepEqual(seen, ['add blue', 'update red', 'delete red']);
});

test('what two managers want is a conflict until one insists', async () => {
  const wanted = (colour) => ({
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: { name: 'shared', namespace },
    data: { colour },
  });
  const apply = (colour, manager, force) =>
    objects.patch(wanted(colour), undefined, undefined, manager, force, k8s.PatchStrategy.ServerSideApply);
  await apply('blue', 'ann');
  await assert.rejects(apply('red', 'bob'), (error) => {
    assert.equal(error.code, 409);
    assert.match(String(error.body), /conflict with \\*"ann\\*": \.data\.colour/);
    return true;
  });
  assert.equal((await apply('red', 'bob', true)).data.colour, 'red');
});

test('a command hears its input and tells its exit code', async () => {
  const [out, errors] = [new PassThrough(), new PassThrough()];
  const exec = new k8s.Exec(config);
  const ended = new Promise((resolve, reject) => {
    const command = ['sh', '-c', 'cat; echo oh >&2; exit 3'];
    exec.exec(namespace, 'web-0', 'web', command, out, errors, Readable.from(['hello']), false, resolve).catch(reject);
  });
  const [said, complained, status] = await Promise.all([text(out), text(errors), ended]);
  assert.equal(said, 'hello');
  assert.equal(complained, 'oh\n');
  assert.deepEqual(status.details.causes, [{ reason: 'ExitCode', message: '3' }]);
});

test('a port is forwarded, and the log that follows tells of it', async () => {
  const forward = new k8s.PortForward(config);
  const server = net.createServer((socket) => forward.portForward(namespace, 'web-0', [8080], socket, null, socket));
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  const page = await fetch(`http://127.0.0.1:${server.address().port}/forwarded`);
  assert.equal(await page.text(), 'web-0 was asked for /forwarded\n');
  server.close();

  const lines = new PassThrough();
  const following = await new k8s.Log(config).log(namespace, 'web-0', 'web', lines, { follow: true });
  for await (const chunk of lines) {
    if (String(chunk).includes('answered /forwarded')) break;
  }
  following.abort();
});

test('what the server refuses is told as a status', async () => {
  await assert.rejects(core.readNamespacedSecret({ name: 'none', namespace }), (error) => {
    assert.equal(error.code, 404);
    assert.match(String(error.body), /secrets \\*"none\\*" not found/);
    return true;
  });
});
