/* What Python and traffic.c share; cffi reads this file, so it holds nothing but types and functions. */

typedef int (*srtp_work)(void *session, void *packet, int *size);

struct srtp { srtp_work protect, unprotect, protect_rtcp, unprotect_rtcp; };

/* One connected browser. An extension id of 0 is not sent. The mids are sent with the first packets only, as browsers do. */
struct seat {
    int socket;
    int publishes;
    void *sealer, *opener;
    uint8_t video_type, audio_type;
    uint8_t mid_id, transport_id, level_id;
    uint8_t video_mid[8], audio_mid[8];
    uint32_t video_ssrc, audio_ssrc, own_ssrc;
    uint8_t check[256];
    int check_size;
};

/* Since the last mark: media packets sent, those of them received, gaps in the sequence numbers that subscribers saw, packets that failed
   (authentication, or not what was sent), received packets that were no first transmissions (repairs, padding), received RTCP packets. */
struct counts { uint64_t sent, received, gaps, bad, others, rtcp; };

int traffic_open(struct srtp work, double seed);
void traffic_close(void);
int traffic_add(struct seat seat);
void traffic_mark(void);
void traffic_run(double seconds, int sending);
struct counts traffic_counts(void);
double traffic_delay_ms(double quantile);
