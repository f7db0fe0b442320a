//! Two agents in one process, directly and through a relay that holds every byte back for a while.

use rcgen::{BasicConstraints, CertificateParams, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair, SanType};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

use super::*;

struct Authority {
    issuer: Issuer<'static, KeyPair>,
    certificate: String,
}

impl Authority {
    fn new() -> Self {
        let key = KeyPair::generate().unwrap();
        let mut params = CertificateParams::default();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let certificate = params.self_signed(&key).unwrap().pem();
        Self { issuer: Issuer::new(params, key), certificate }
    }

    fn credentials(&self, uri: &str, usage: ExtendedKeyUsagePurpose) -> Credentials {
        let key = KeyPair::generate().unwrap();
        let mut params = CertificateParams::default();
        params.subject_alt_names = vec![SanType::URI(uri.try_into().unwrap())];
        params.extended_key_usages = vec![usage];
        let certificate = params.signed_by(&key, &self.issuer).unwrap().pem();
        Credentials { authority: self.certificate.clone(), certificate, key: key.serialize_pem() }
    }

    fn node(&self, name: &str) -> Credentials {
        self.credentials(&format!("spiffe://avow.example/node/{name}"), ExtendedKeyUsagePurpose::ClientAuth)
    }
}

/// An agent that answers, and where.
async fn answering(credentials: Credentials) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap().to_string();
    tokio::spawn(async move { answer_on(listener, &move || credentials.clone()).await });
    address
}

/// Passes bytes on to `target`, each way after `delay`.
async fn relay(target: String, delay: Duration) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap().to_string();
    tokio::spawn(async move {
        while let Ok((near, _)) = listener.accept().await {
            let Ok(far) = TcpStream::connect(&target).await else { continue };
            let (near_read, near_write) = near.into_split();
            let (far_read, far_write) = far.into_split();
            for (mut from, mut to) in [(near_read, far_write), (far_read, near_write)] {
                tokio::spawn(async move {
                    let mut bytes = [0; 4096];
                    while let Ok(length @ 1..) = from.read(&mut bytes).await {
                        sleep(delay).await;
                        if to.write_all(&bytes[..length]).await.is_err() {
                            break;
                        }
                    }
                });
            }
        }
    });
    address
}

fn node(name: &str) -> NodeId {
    NodeId::new(name).unwrap()
}

async fn measured(own: &Credentials, peer: &str, address: &str) -> Result<Duration, Failure> {
    let tls = tls::Kept::default().of(own).unwrap();
    timeout(PEER_TIME_MAX, distance(&tls, &node(peer), address)).await.unwrap()
}

#[tokio::test]
async fn a_relay_makes_a_peer_look_as_far_as_it_is_late_and_no_nearer() {
    let authority = Authority::new();
    let (near, far) = (Duration::from_millis(2), Duration::from_millis(15));
    let b = answering(authority.node("b")).await;
    let a = authority.node("a");
    let direct = measured(&a, "b", &b).await.unwrap();
    let through_near = measured(&a, "b", &relay(b.clone(), near).await).await.unwrap();
    let through_far = measured(&a, "b", &relay(b.clone(), far).await).await.unwrap();
    assert!(through_near >= 2 * near && through_far >= 2 * far, "{through_near:?} {through_far:?}");
    assert!(direct < through_far && through_near < through_far, "{direct:?} {through_near:?} {through_far:?}");
}

#[tokio::test]
async fn only_the_node_that_was_looked_for_counts() {
    let (authority, other) = (Authority::new(), Authority::new());
    let b = answering(authority.node("b")).await;
    let a = authority.node("a");
    let refused = |outcome: Result<Duration, Failure>| outcome.unwrap_err().reading().absence().unwrap().reason;
    assert!(measured(&a, "b", &b).await.is_ok());
    assert_eq!(refused(measured(&a, "c", &b).await), AbsenceReason::NotPermitted);

    // A node of another authority neither takes the answer nor gets one.
    assert_eq!(refused(measured(&other.node("a"), "b", &b).await), AbsenceReason::NotPermitted);
    let stranger = Credentials { authority: authority.certificate.clone(), ..other.node("a") };
    assert_eq!(refused(measured(&stranger, "b", &b).await), AbsenceReason::Malformed);

    // A certificate of the authority that is not a node's: the collector's own, or of another trust domain.
    let uri = "spiffe://avow.example/node/b";
    let server = answering(authority.credentials(uri, ExtendedKeyUsagePurpose::ServerAuth)).await;
    assert_eq!(refused(measured(&a, "b", &server).await), AbsenceReason::NotPermitted);
    let uri = "spiffe://elsewhere.example/node/b";
    let elsewhere = answering(authority.credentials(uri, ExtendedKeyUsagePurpose::ClientAuth)).await;
    assert_eq!(refused(measured(&a, "b", &elsewhere).await), AbsenceReason::NotPermitted);
}

#[tokio::test]
async fn who_is_not_there_or_speaks_no_tls_is_said_so() {
    let a = Authority::new().node("a");
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let closed = listener.local_addr().unwrap().to_string();
    drop(listener);
    assert!(matches!(measured(&a, "b", &closed).await, Err(Failure::Connect { .. })));

    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap().to_string();
    tokio::spawn(async move {
        while let Ok((mut tcp, _)) = listener.accept().await {
            let _ = tcp.write_all(b"SSH-2.0-OpenSSH_9.2\r\n").await;
        }
    });
    assert!(matches!(measured(&a, "b", &address).await, Err(Failure::Handshake { .. })));
}

#[tokio::test]
async fn an_answer_that_is_not_the_question_does_not_count() {
    let (mut ours, mut theirs) = tokio::io::duplex(4096);
    let liar = async {
        let mut message = [0; 32];
        theirs.read_exact(&mut message).await.unwrap();
        message[31] ^= 1;
        theirs.write_all(&message).await.unwrap();
    };
    let (error, ()) = tokio::join!(echo::measure(&mut ours), liar);
    assert_eq!(error.unwrap_err().kind(), io::ErrorKind::InvalidData);
}

#[tokio::test]
async fn no_more_is_echoed_than_one_measurement_takes() {
    let (mut ours, mut theirs) = tokio::io::duplex(1 << 16);
    let answering = tokio::spawn(async move { echo::answer(&mut theirs).await });
    echo::measure(&mut ours).await.unwrap();
    answering.await.unwrap().unwrap();
    assert!(ours.write_all(&[0; 32]).await.is_err() || ours.read(&mut [0; 32]).await.unwrap() == 0);
}

#[test]
fn a_distance_is_rounded_up_to_few_steps() {
    let check = |nanoseconds: u64, expect: u32| assert_eq!(coarse(Duration::from_nanos(nanoseconds)), expect);
    check(0, 1);
    check(1, 1);
    check(1_001, 2);
    check(187_000, 200);
    check(200_001, 500);
    check(2_300_000, 5_000);
    check(50_000_000_000, 50_000_000);
    assert_eq!(coarse(Duration::MAX), u32::MAX);
}

#[test]
fn the_shortest_counts_while_the_peer_answers() {
    let nodes = BTreeMap::from([(node("b"), "192.0.2.2:1".to_owned())]);
    let board = Board::new(&Settings { listen: None, nodes, every: Duration::from_secs(1) });
    let round_trip = || board.fact().peers[0].round_trip.clone();
    assert_eq!(round_trip().absence().unwrap().reason, AbsenceReason::NotPresent);
    board.put(&node("b"), Ok(Duration::from_micros(180)));
    board.put(&node("b"), Ok(Duration::from_micros(900)));
    assert_eq!(round_trip(), Reading::Present(RoundTrip { us_max: 200, samples: 32 }));
    board.put(&node("b"), Err(Failure::Late { address: "192.0.2.2:1".to_owned() }));
    assert_eq!(round_trip().absence().unwrap().reason, AbsenceReason::TimedOut);
    board.put(&node("b"), Ok(Duration::from_micros(300)));
    assert_eq!(round_trip().present().unwrap().us_max, 200);
    board.put(&node("stranger"), Ok(Duration::ZERO));
    assert_eq!(board.fact().peers.len(), 1);
}
